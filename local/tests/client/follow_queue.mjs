// Follows the queue, and tells of each thing that happens in a line. Arguments: the module, the service's address.

const [, , moduleUrl, url] = process.argv;
const { Parley } = await import(moduleUrl);

new Parley({ url }).queue().follow({
  conversations: (conversations) => console.log("waiting", conversations.map(({ conversationId }) => conversationId).join()),
  state: (state) => console.log("state", state),
  error: ({ status, code }) => console.log("error", status, code),
});
