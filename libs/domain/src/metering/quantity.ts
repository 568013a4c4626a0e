/** An exact quotient, for example of unit-milliseconds by the milliseconds of the period. The denominator is above 0. */
export interface Quantity {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A decimal number as text, such as `12`, `0.05` or `-3.500000`. */
export type Decimal = string;

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** For reading: with exactly this many places, a half rounded to the even neighbor. */
export const toDecimal = (quantity: Quantity, places = 6): Decimal =>
  decimalOf(rounded(scaled(quantity, places), 'half-even'), places);

/**
 * Price times quantity in the minor unit of the currency, such as cents; a half away from zero. Rounded once, so it is
 * called once for each line of a bill.
 *
 * @param unitPrice in the major unit
 * @param minorDigits decimal places of the currency, 2 for EUR
 * @throws RangeError if the price is no decimal number
 */
export function amountOf(unitPrice: Decimal, { numerator, denominator }: Quantity, minorDigits: number): bigint {
  const price = parsed(unitPrice);
  const exact = { numerator: price.numerator * numerator, denominator: price.denominator * denominator };
  return rounded(scaled(exact, minorDigits), 'half-away');
}

/**
 * Splits a whole in proportion to these weights, so that the parts add up: what is left after rounding down goes to the
 * largest remainders, the earlier part first where they are equal. Weights are 0 or more; all 0 counts as all equal.
 */
export function splitInProportion(whole: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) throw new RangeError('nothing to split into');
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (sum === 0n) return splitInProportion(whole, Array<bigint>(weights.length).fill(1n));
  const [sign, size] = whole < 0n ? [-1n, -whole] : [1n, whole];
  const parts = weights.map((weight) => (size * weight) / sum);
  const left = size - parts.reduce((total, part) => total + part, 0n);
  const remainders = weights.map((weight, index) => ({ index, remainder: (size * weight) % sum }));
  remainders.sort((a, b) => Number(b.remainder - a.remainder));
  for (const { index } of remainders.slice(0, Number(left))) parts[index]! += 1n;
  return parts.map((part) => sign * part);
}

function parsed(text: Decimal): Quantity {
  const [, sign, whole, fraction = ''] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) throw new RangeError(`not a decimal number: ${JSON.stringify(text)}`);
  return { numerator: BigInt(`${sign}${whole}${fraction}`), denominator: 10n ** BigInt(fraction.length) };
}

const scaled = ({ numerator, denominator }: Quantity, places: number): Quantity => ({
  numerator: numerator * 10n ** BigInt(places),
  denominator,
});

function rounded({ numerator, denominator }: Quantity, half: 'half-even' | 'half-away'): bigint {
  const [sign, size] = numerator < 0n ? [-1n, -numerator] : [1n, numerator];
  const [whole, twice] = [size / denominator, (size % denominator) * 2n];
  const isUp = twice > denominator || (twice === denominator && (half === 'half-away' || whole % 2n === 1n));
  return sign * (isUp ? whole + 1n : whole);
}

function decimalOf(value: bigint, places: number): Decimal {
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  const fraction = places === 0 ? '' : `.${digits.slice(-places)}`;
  return `${value < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${fraction}`;
}
