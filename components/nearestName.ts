import { distance } from "fastest-levenshtein";

/** The known name that was meant by one that nobody knows; undefined when none is near. Of two as near, the first. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const away = (other: string): number => distance(name.toLowerCase(), other.toLowerCase());
  const [nearest] = [...known].sort((a, b) => away(a) - away(b));
  // A typo changes one letter in four at most; beyond that it is another word.
  return nearest !== undefined && away(nearest) <= Math.ceil(Math.max(name.length, nearest.length) / 4)
    ? nearest
    : undefined;
}
