import { Decimal, parseDecimal } from './decimal';

const MAX_LINES = 1000;
const MAX_QUANTITY = 9999;
// How many decimals each currency that we sell in has (ISO 4217).
const MINOR_UNITS = new Map(Object.entries({ CHF: 2, EUR: 2, GBP: 2, JPY: 0, KWD: 3, USD: 2 }));
const IDENTIFIER = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

// Money and rates are decimal strings, never JSON numbers: those are binary fractions, which can't
// hold a tenth.
export interface Line {
  sku: string;
  quantity: number;
  unitPrice: string;
  taxRate: string; // a fraction ("0.19"), empty for none
}

export interface Order {
  id: string;
  currency: string;
  lines: Line[];
}

// net + tax = total, exactly.
export interface Bill {
  id: string;
  currency: string;
  items: number;
  net: string;
  tax: string;
  total: string;
}

// Names the order in the log even when its id is not fit to be logged.
export function label(order: Order): string {
  return IDENTIFIER.test(order.id) ? order.id : 'an order without a valid id';
}

// Every reason why the order can't be taken; none if it can.
export function check(order: Order): string[] {
  const problems: string[] = [];
  if (!IDENTIFIER.test(order.id)) {
    problems.push(`id ${quoted(order.id)} is not 1 to 64 letters, digits, dots, dashes or underscores`);
  }
  const units = MINOR_UNITS.get(order.currency);
  if (units === undefined) {
    problems.push(`currency ${quoted(order.currency)} is not one we sell in`);
  }
  if (order.lines.length < 1 || order.lines.length > MAX_LINES) {
    problems.push(`${order.lines.length} lines; an order has 1 to ${MAX_LINES}`);
    return problems;
  }
  order.lines.forEach((line, at) => {
    const add = (what: string) => problems.push(`line ${at + 1}: ${what}`);
    if (!IDENTIFIER.test(line.sku)) add(`sku ${quoted(line.sku)} is not an article number`);
    if (line.quantity < 1 || line.quantity > MAX_QUANTITY) {
      add(`quantity ${line.quantity} is not from 1 to ${MAX_QUANTITY}`);
    }
    if (units !== undefined) problem(() => parseDecimal(line.unitPrice, units), 'unit_price', add);
    problem(() => rate(line), 'tax_rate', add);
  });
  return problems;
}

// Adds up an order that check() has found nothing wrong with. Tax is rounded once a line, to the
// currency's smallest unit.
export function total(order: Order, decide: (line: string) => void): Bill {
  const units = MINOR_UNITS.get(order.currency) ?? 0;
  let net = new Decimal(0n, units);
  let tax = net;
  let items = 0;
  order.lines.forEach((line, at) => {
    const price = parseDecimal(line.unitPrice, units);
    const lineNet = price.times(new Decimal(BigInt(line.quantity), 0), units);
    const lineTax = lineNet.times(rate(line), units);
    decide(`line ${at + 1}: ${line.quantity} x ${line.sku} at ${price} = ${lineNet} ` +
           `${order.currency}, tax ${lineTax}`);
    net = net.plus(lineNet);
    tax = tax.plus(lineTax);
    items += line.quantity;
  });
  const sum = net.plus(tax);
  decide(`accepted: ${items} items, ${sum} ${order.currency}`);
  return { id: order.id, currency: order.currency, items, net: `${net}`, tax: `${tax}`, total: `${sum}` };
}

// At most 1.
function rate(line: Line): Decimal {
  if (line.taxRate === '') return new Decimal(0n, 0);
  const parsed = parseDecimal(line.taxRate, 4);
  if (parsed.isMoreThanOne()) throw new Error(`${quoted(line.taxRate)} is more than 1`);
  return parsed;
}

function problem(parse: () => unknown, field: string, add: (what: string) => void) {
  try {
    parse();
  } catch (error) {
    add(`${field} ${(error as Error).message}`);
  }
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
