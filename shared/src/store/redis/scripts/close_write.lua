
call('SETRANGE', conversation, '0', 'c')
