# Written from the table of rules by tests/tools/write_stubs.py.

from micrograd_like.engine import Value

class Methods:
    __slots__ = ()
    def add(self, y: Value | float) -> Value:
        """The sum."""
    def sub(self, y: Value | float) -> Value:
        """The difference."""
    def mul(self, y: Value | float) -> Value:
        """The product."""
    def div(self, y: Value | float) -> Value:
        """The quotient."""
    def neg(self) -> Value:
        """The opposite number."""
    def pow(self, y: Value | float) -> Value:
        """x to the power y, over the real numbers; 0 to the power 0 is 1."""
    def mod(self, y: Value | float) -> Value:
        """The remainder of a division, of the sign of y; it jumps where y divides x."""
    def exp(self) -> Value:
        """The exponential, e to the power x."""
    def expm1(self) -> Value:
        """exp(x) - 1, with all its digits next to 0."""
    def log(self) -> Value:
        """The natural logarithm."""
    def log1p(self) -> Value:
        """log(1 + x), with all its digits next to 0."""
    def xlogy(self, y: Value | float) -> Value:
        """x times the logarithm of y, and 0 where both are 0: a term of an entropy."""
    def logaddexp(self, y: Value | float) -> Value:
        """log(exp(x) + exp(y)) without overflow: a sum of numbers given by their logarithms."""
    def sqrt(self) -> Value:
        """The square root."""
    def sin(self) -> Value:
        """The sine of an angle in radians."""
    def cos(self) -> Value:
        """The cosine of an angle in radians."""
    def tan(self) -> Value:
        """The tangent of an angle in radians."""
    def asin(self) -> Value:
        """The inverse of the sine, in radians from -π/2 to π/2."""
    def acos(self) -> Value:
        """The inverse of the cosine, in radians from 0 to π."""
    def atan(self) -> Value:
        """The inverse of the tangent, in radians from -π/2 to π/2."""
    def sinh(self) -> Value:
        """The hyperbolic sine."""
    def cosh(self) -> Value:
        """The hyperbolic cosine."""
    def tanh(self) -> Value:
        """The hyperbolic tangent, an activation between -1 and 1."""
    def sigmoid(self) -> Value:
        """The logistic function, an activation between 0 and 1."""
    def relu(self) -> Value:
        """Rectified linear unit: x where it is positive, else 0 (Nair and Hinton, 2010)."""
    def leaky_relu(self, y: Value | float = ...) -> Value:
        """A ReLU with the slope y below 0 (Maas, Hannun and Ng, 2013)."""
    def softplus(self) -> Value:
        """A smooth ReLU (Dugas and others, 2001)."""
    def silu(self) -> Value:
        """Sigmoid linear unit, also called swish (Elfwing, Uchibe and Doya, 2017)."""
    def normal_cdf(self) -> Value:
        """How probable it is that a standard normal variable is below x."""
    def log_ndtr(self) -> Value:
        """The logarithm of normal_cdf(x), also where that underflows."""
    def gelu(self) -> Value:
        """Gaussian error linear unit: x times normal_cdf(x) (Hendrycks and Gimpel, 2016)."""
    def abs(self) -> Value:
        """The absolute value."""
    def maximum(self, y: Value | float) -> Value:
        """The larger of two numbers; of equal ones each has half the slope."""
    def minimum(self, y: Value | float) -> Value:
        """The smaller of two numbers; of equal ones each has half the slope."""
    def __add__(self, y: Value | float) -> Value: ...
    def __radd__(self, x: float) -> Value: ...
    def __sub__(self, y: Value | float) -> Value: ...
    def __rsub__(self, x: float) -> Value: ...
    def __mul__(self, y: Value | float) -> Value: ...
    def __rmul__(self, x: float) -> Value: ...
    def __truediv__(self, y: Value | float) -> Value: ...
    def __rtruediv__(self, x: float) -> Value: ...
    def __mod__(self, y: Value | float) -> Value: ...
    def __rmod__(self, x: float) -> Value: ...
    def __pow__(self, y: Value | float) -> Value: ...
    def __rpow__(self, x: float) -> Value: ...
    def __neg__(self) -> Value: ...
    def __abs__(self) -> Value: ...
