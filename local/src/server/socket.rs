//! A connection's socket, which holds its client to the time limits.
//!
//! hyper has one timer for a request's head and for an idle connection, and none for writing.

mod transfer;

use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::server::deadline::Deadline;
use crate::server::exchange::Exchanges;
use crate::server::limits::TimeLimits;

/// The most bytes that are taken in and thrown away of a request that has been answered already.
const MAX_DISCARDED_BYTES: u32 = 64 * 1024 * 1024;
/// How long a client that sends nothing more may wait for its response. Most have gone.
const HALF_CLOSED_TIME: Duration = Duration::from_secs(5);
/// Bytes that are thrown away at once.
const DISCARDED_AT_ONCE: usize = 16 * 1024;

/// A socket with time limits. Reading or writing fails when one has passed.
///
/// No limit holds for reading while a request is being answered: a stream's client says nothing for
/// hours, and [`crate::request`] limits the body.
pub struct Socket {
    stream: TcpStream,
    exchanges: Arc<Exchanges>,
    phase: Phase,
    /// For what the phase waits for; or for writing, while that cannot go on.
    deadline: Deadline,
    /// Whether the client sends nothing more, which hyper does not know yet.
    is_half_closed: bool,
}

/// What a socket waits for.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// For the first byte of the first request.
    Accepted,
    /// For the rest of a request's head, and later for what becomes of the request.
    Requested,
    /// Like that, and the response cannot be written at the moment.
    Stalled,
    /// For the response to be written to a client that sends nothing more.
    HalfClosed,
    /// For the first byte of the next request.
    Idle,
    /// For the end of a request that has been answered already; so many bytes may still come.
    Discarding(u32),
}

impl Socket {
    /// Wraps a socket that has just been accepted.
    pub fn new(stream: TcpStream, exchanges: Arc<Exchanges>) -> Self {
        let deadline = Deadline::new(Instant::now() + exchanges.place.times().read);
        Self { stream, exchanges, phase: Phase::Accepted, deadline, is_half_closed: false }
    }

    fn times(&self) -> TimeLimits {
        self.exchanges.place.times()
    }

    fn enter(&mut self, phase: Phase, limit: Duration) {
        self.phase = phase;
        self.deadline.set(Instant::now() + limit);
    }

    /// Notes that a read has brought something.
    fn note_read(&mut self) {
        match self.phase {
            // The first request's head has its time from the beginning of the connection.
            Phase::Accepted => self.phase = Phase::Requested,
            Phase::Idle => self.enter(Phase::Requested, self.times().read),
            _ => {}
        }
    }

    /// Notes that everything is written that hyper has to write, perhaps the end of a response.
    fn note_flushed(&mut self, context: &mut Context<'_>) {
        if !self.exchanges.take_ended() {
            return;
        }
        self.enter(Phase::Idle, self.times().idle);
        // hyper may already wait for the next request, and then does not read again.
        let _ = self.deadline.poll(context);
        if self.is_half_closed {
            context.waker().wake_by_ref();
        }
    }

    /// Waits with a read for as long as the client may take.
    fn wait_to_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.exchanges.is_under_way() {
            self.deadline.suspend();
            return Poll::Pending;
        }
        // Then the deadline is the writer's.
        if self.phase == Phase::Stalled {
            return Poll::Pending;
        }
        self.deadline.poll(context).map(|()| Err(timed_out("nothing was sent in time")))
    }

    /// Keeps from hyper that the client sends nothing more, while its response is due: hyper would
    /// take it for a client that has gone, and so it may be.
    fn wait_to_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_known = std::mem::replace(&mut self.is_half_closed, true);
        if self.exchanges.is_unread() {
            // The service has yet to read what hyper has of the body, and may find it whole.
            if is_known {
                return Poll::Ready(Ok(()));
            }
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.phase {
            // The client still has the time that it has for reading.
            Phase::Stalled => return Poll::Pending,
            Phase::HalfClosed => {}
            _ => self.enter(Phase::HalfClosed, HALF_CLOSED_TIME),
        }
        self.deadline.poll(context).map(Ok)
    }

    /// Waits with a write, or notes that it has done something.
    fn write<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        match written {
            Poll::Pending => {
                if self.phase != Phase::Stalled {
                    self.enter(Phase::Stalled, self.times().write);
                }
                ready!(self.deadline.poll(context));
                // Else the system would keep what is not sent for minutes more.
                let _ = self.stream.set_zero_linger();
                Poll::Ready(Err(timed_out("nothing was read in time")))
            }
            ready => {
                if self.phase == Phase::Stalled {
                    self.phase = Phase::Requested;
                    self.deadline.clear();
                }
                ready
            }
        }
    }

    /// Whether a request may still be coming: one that was answered early, or a head that hyper has
    /// refused.
    fn is_unread(&self) -> bool {
        self.phase == Phase::Requested || self.exchanges.is_unread()
    }

    /// Takes in and throws away what still comes: closing a socket that holds something unread
    /// resets the connection, and the client may lose the response before it has read it.
    fn discard(&mut self, mut left: u32, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // At first: of a client that never stops sending, no read ever waits.
        if self.deadline.poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        loop {
            let mut bytes = [MaybeUninit::uninit(); DISCARDED_AT_ONCE];
            let mut bytes = ReadBuf::uninit(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut bytes));
            let length = bytes.filled().len() as u32;
            match left.checked_sub(length) {
                Some(rest) if read.is_ok() && length > 0 => left = rest,
                _ => return Poll::Ready(Ok(())),
            }
            self.phase = Phase::Discarding(left);
        }
    }
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, what)
}
