// @NAME@ answers @WHAT@: `handle` gets its data as the body of a Request and
// returns a Response. What goes to console.error is the log. `npm test` checks the types and runs it in
// Node.js.

type Data = @TS_TYPE@;

export async function handle(request: Request): Promise<Response> {
  let event: Data | null;
  try {
    event = JSON.parse((await request.text()) || '{}') as Data | null;
  } catch (error) {
    console.error(`@NAME@: the event is not valid JSON: ${(error as Error).message}`);
    return Response.json({ error: 'the event is not valid JSON' }, { status: 400 });
  }
  const found = {
@JS_VALUES@  };
  if (typeof found.@FIRST@ !== 'string') {
    console.error('@NAME@: the event is not @WHAT@');
    return Response.json({ error: 'the event is not @WHAT@' }, { status: 400 });
  }
  console.error(`@NAME@: @WHAT@: ${JSON.stringify(found)}`);
  return Response.json(found);
}
