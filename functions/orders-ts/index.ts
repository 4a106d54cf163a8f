// orders in TypeScript, as a component: an order in a request's body is checked, added up to the
// last cent and answered with the totals; a bad one gets status 422 with every reason. The same rules
// and the same log as ../orders-go; ../README.md has them.
import { check, label, type Order, total } from './order';

addEventListener('fetch', (event) => {
  const fetched = event as FetchEvent;
  fetched.respondWith(answer(fetched.request));
});

async function answer(request: Request): Promise<Response> {
  let order: Order;
  try {
    order = decode(await request.text());
  } catch (error) {
    console.error(`orders: rejected: ${(error as Error).message}`);
    return Response.json({ problems: [(error as Error).message] }, { status: 400 });
  }
  const problems = check(order);
  if (problems.length > 0) {
    for (const problem of problems) console.error(`orders: ${label(order)}: rejected: ${problem}`);
    return Response.json({ problems }, { status: 422 });
  }
  return Response.json(total(order, (line) => console.error(`orders: ${order.id}: ${line}`)));
}

// Members that we don't know are let pass: orders grow.
function decode(text: string): Order {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('the event is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('the event is not a JSON object');
  }
  const { id = '', currency = '', lines = [] } = value as Record<string, unknown>;
  if (typeof id !== 'string' || typeof currency !== 'string' || !Array.isArray(lines)) {
    throw new Error('id and currency are strings, lines are a list');
  }
  return { id, currency, lines: lines.map(decodeLine) };
}

function decodeLine(value: unknown): Order['lines'][number] {
  const { sku = '', quantity = 0, unit_price = '', tax_rate = '' } = (value ?? {}) as Record<string, unknown>;
  if (typeof sku !== 'string' || typeof unit_price !== 'string' || typeof tax_rate !== 'string' ||
      typeof quantity !== 'number' || !Number.isInteger(quantity)) {
    throw new Error('a line has strings sku, unit_price and tax_rate, and a whole quantity');
  }
  return { sku, quantity, unitPrice: unit_price, taxRate: tax_rate };
}
