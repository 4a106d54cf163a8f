// @NAME@ answers @WHAT@: `handle` gets its data as the body of a Request and
// returns a Response. What goes to console.error is the log. `npm test` runs it in Node.js.

export async function handle(request) {
  let event;
  try {
    event = JSON.parse((await request.text()) || '{}');
  } catch (error) {
    console.error(`@NAME@: the event is not valid JSON: ${error.message}`);
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
