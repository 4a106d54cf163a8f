// Bounds a decimal that comes from outside, before its point.
const MAX_DIGITS = 12;

// An exact decimal fraction: units / 10^scale.
export class Decimal {
  constructor(readonly units: bigint, readonly scale: number) {}

  // Both have one scale.
  plus(other: Decimal): Decimal {
    return new Decimal(this.units + other.units, this.scale);
  }

  // Rounded to `scale` decimals, a half to the even neighbour, as banks do.
  times(other: Decimal, scale: number): Decimal {
    const product = this.units * other.units;
    const divisor = 10n ** BigInt(this.scale + other.scale - scale);
    const quotient = product / divisor;
    const twice = (product % divisor) * 2n;
    const up = twice > divisor || (twice === divisor && quotient % 2n === 1n);
    return new Decimal(up ? quotient + 1n : quotient, scale);
  }

  isMoreThanOne(): boolean {
    return this.units > 10n ** BigInt(this.scale);
  }

  toString(): string {
    const digits = this.units.toString().padStart(this.scale + 1, '0');
    if (this.scale === 0) return digits;
    return `${digits.slice(0, -this.scale)}.${digits.slice(-this.scale)}`;
  }
}

// Digits, and after a point up to `scale` more. No sign, no exponent, no spaces.
export function parseDecimal(text: string, scale: number): Decimal {
  const quoted = JSON.stringify(text);
  const parts = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (parts === null) throw new Error(`${quoted} is not a decimal number such as "12.50"`);
  const [, whole, fraction = ''] = parts;
  if (whole.length > MAX_DIGITS) throw new Error(`${quoted} has more than ${MAX_DIGITS} digits`);
  if (fraction.length > scale) throw new Error(`${quoted} has more than ${scale} decimals`);
  return new Decimal(BigInt(whole + fraction.padEnd(scale, '0')), scale);
}
