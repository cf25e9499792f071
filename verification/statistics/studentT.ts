/**
 * The t with which P(|T| <= t) = `confidence`, where T is Student's with so many degrees of freedom: 4.303 for 0.95 and 2.
 * By the finite series of M. Abramowitz, I. Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 *
 * @param confidence above 0, below 1
 * @param degrees a whole number, 1 or more
 */
export function studentT(confidence: number, degrees: number): number {
  if (!(confidence > 0 && confidence < 1)) throw new RangeError(`confidence ${confidence.toString()} is not in (0, 1)`);
  if (!Number.isInteger(degrees) || degrees < 1) throw new RangeError(`${degrees.toString()} degrees of freedom`);
  let [low, high] = [0, Math.PI / 2];
  // Each step halves the angle's error: after 60 it is below what a double can hold.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (shareWithin(middle, degrees) < confidence) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2);
}

/** P(|T| <= t) for t = tan(angle) · √degrees. */
function shareWithin(angle: number, degrees: number): number {
  const cosine = Math.cos(angle);
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}
