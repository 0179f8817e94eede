// The elementary functions of Python's floats: what the rules call `m`, as far as Python has it
// from C.  They give what Python gives, and throw where Python raises.  A page carries those that
// its rules need; a paragraph is the unit.

/** @type {Record<string, (...numbers: number[]) => number>} */
const m = {};

m.abs = m.fabs = Math.abs;

m.atan = Math.atan;

m.asinh = Math.asinh;

m.cbrt = Math.cbrt;

m.cosh = Math.cosh;

// To 0.57 ulp, where Math.exp of browsers is up to 0.8 off, and Python to 0.51: exp(x) is a power
// of 2 times exp(r), of which 1 + r + r²/2 is added without loss, and the rest as a series.
m.exp = (x) => {
  if (!(Math.abs(x) < 708)) return Math.exp(x); // next to the ends of the range
  const whole = Math.round(x * Math.LOG2E);
  const high = x - whole * 0.6931471803691238; // ln 2, in two parts
  const low = whole * 1.9082149292705877e-10;
  const r = high - low;
  const short = Math.fround(r); // few enough bits for its square to be exact
  const square = 0.5 * short * short;
  let series = 1;
  for (let k = 14; k > 3; k--) series = 1 + (r / k) * series;
  const line = 1 + r;
  const sum = line + square;
  const rest = high - r - low + 0.5 * (r - short) * (r + short) + (r * r * r * series) / 6;
  return (sum + (1 - line + r + (line - sum + square) + rest)) * 2 ** whole;
};

m.expm1 = Math.expm1;

m.sinh = Math.sinh;

m.tanh = Math.tanh;

// A function's value at x, if it has one: NaN comes from NaN alone, infinity from infinity.
m.defined = (value, x) => {
  if (Number.isFinite(x) ? !Number.isFinite(value) : Number.isNaN(value) && !Number.isNaN(x))
    throw new RangeError("math domain error");
  return value;
};

m.acos = (x) => m.defined(Math.acos(x), x);

m.acosh = (x) => m.defined(Math.acosh(x), x);

m.asin = (x) => m.defined(Math.asin(x), x);

m.atanh = (x) => m.defined(Math.atanh(x), x);

m.cos = (x) => m.defined(Math.cos(x), x);

m.exp2 = (x) => m.defined(2 ** x, x);

m.log = (x) => m.defined(Math.log(x), x);

m.log10 = (x) => m.defined(Math.log10(x), x);

m.log1p = (x) => m.defined(Math.log1p(x), x);

m.log2 = (x) => m.defined(Math.log2(x), x);

m.sin = (x) => m.defined(Math.sin(x), x);

m.sqrt = (x) => m.defined(Math.sqrt(x), x);

m.tan = (x) => m.defined(Math.tan(x), x);

m.atan2 = (y, x) => Math.atan2(y, x);

m.copysign = (x, y) => (y < 0 || Object.is(y, -0) ? -Math.abs(x) : Math.abs(x));

m.hypot = (x, y) => Math.hypot(x, y);

// Infinity is a limit of a power here, no error; and 1 to the power NaN is 1, as IEEE 754 has it.
m.pow = (x, y) => {
  if (x < 0 && !(Number.isNaN(y) || y % 1 === 0))
    throw new RangeError("a negative base needs a whole exponent");
  if (x === 0 && y < 0) throw new RangeError("0 to a negative power");
  return x === 1 ? 1 : x ** y;
};

// Python's x ** y; where it leaves the real numbers, or their range, there is none.
m.power = (x, y) => {
  if (Math.abs(y) === Infinity) return Math.abs(x) === 1 ? 1 : Math.abs(x) ** y;
  const value = m.pow(x, y);
  if (Number.isFinite(x) && Number.isFinite(y) && !Number.isFinite(value))
    throw new RangeError("Numerical result out of range");
  return value;
};

// Python's x / y.
m.quotient = (x, y) => {
  if (y === 0) throw new RangeError("float division by zero");
  return x / y;
};

// Python's x % y, which has the sign of y.
m.modulo = (x, y) => {
  if (y === 0) throw new RangeError("float modulo");
  const rest = x % y;
  return rest === 0 ? m.copysign(0, y) : rest < 0 !== y < 0 ? rest + y : rest;
};

// Python's min and max: the first of equal ones, and of NaN and another.
m.min = (x, ...others) => others.reduce((least, y) => (y < least ? y : least), x);

m.max = (x, ...others) => others.reduce((most, y) => (y > most ? y : most), x);

// The error function: its power series up to about 1/2, then by its complement.
m.erf = (x) => {
  const size = Math.abs(x);
  if (!(size < 0.48)) return m.copysign(1 - m.erfc(size), x);
  let power = 1;
  let rest = 0;
  for (let k = 1; k < 14; k++) {
    power *= (-x * x) / k;
    rest += power / (2 * k + 1);
  }
  return 1.1283791670955126 * (x + x * rest); // 2/√π
};

// Its complement: (1 + 2x) · exp(x²) · erfc(x) is nearly constant from 0 to ∞, and here a polynomial
// in (x - K) / (x + K), as M. M. Shepherd and J. G. Laframboise wrote it, "Chebyshev Approximation of
// (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞", Mathematics of Computation 36 (1981); the coefficients
// were computed for 0.46875 ≤ x ≤ 28, to 1e-17.
m.erfc = (x) => {
  const size = Math.abs(x);
  const K = 3.4375;
  if (size < 0.48) return 1 - m.erf(x);
  if (size > 28) return x < 0 ? 2 : 0;
  const coefficients = [
    8.9895444997e-9, -1.03382006532e-8, -8.4067135726e-8, 8.69374727644e-8, 5.436110325127e-7,
    -6.094256429536e-7, -3.2743102458932e-6, 5.3257726462185e-6, 1.84503489780818e-5,
    -5.45985413650666e-5, -6.63949403550218e-5, 0.000535991072030465, -0.000613003048758537,
    -0.0030458016898376036, 0.016796348546230234, -0.04602698491855935, 0.08637672991449803,
    -0.11632837312368419, 0.10146381752840586, -0.014505102270178954, -0.1397835590136174,
    1.24360966005198,
  ];
  const t = (size - K) / (size + K);
  const divisor = 1 + 2 * size;
  const scaled = coefficients.reduce((sum, c) => sum * t + c) / divisor;
  const high = Math.fround(size); // as in exp
  // What rounding took from x² and from the divisor.
  const lost = Math.expm1((high - size) * (high + size)) - (1 - (divisor - 2 * size)) / divisor;
  const value = m.exp(-high * high) * (scaled + scaled * lost);
  return x < 0 ? 2 - value : value;
};
