// @NAME@ answers HTTP requests: `handle` gets a Request and returns a Response, as in a browser's
// service worker. What goes to console.error is the log. `npm test` checks the types and runs it in
// Node.js.

interface Greeting {
  name?: unknown;
}

export async function handle(request: Request): Promise<Response> {
  let event: Greeting | null;
  try {
    event = JSON.parse((await request.text()) || '{}') as Greeting | null;
  } catch (error) {
    console.error(`@NAME@: the event is not valid JSON: ${(error as Error).message}`);
    return Response.json({ error: 'the event is not valid JSON' }, { status: 400 });
  }
  const name = typeof event?.name === 'string' && event.name !== '' ? event.name : 'world';
  console.error(`@NAME@: greeting ${name}`);
  return Response.json({ message: `Hello, ${name}!` });
}
