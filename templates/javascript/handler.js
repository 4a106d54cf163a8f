// @NAME@ answers HTTP requests: `handle` gets a Request and returns a Response, as in a browser's
// service worker. What goes to console.error is the log. `npm test` runs it in Node.js.

export async function handle(request) {
  let event;
  try {
    event = JSON.parse((await request.text()) || '{}');
  } catch (error) {
    console.error(`@NAME@: the event is not valid JSON: ${error.message}`);
    return Response.json({ error: 'the event is not valid JSON' }, { status: 400 });
  }
  const name = typeof event?.name === 'string' && event.name !== '' ? event.name : 'world';
  console.error(`@NAME@: greeting ${name}`);
  return Response.json({ message: `Hello, ${name}!` });
}
