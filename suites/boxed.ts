/**
 * The same fixtures, but none of them is a step of the test: the test runner takes a stack at each step and sends it from
 * process to process twice, which costs more than most fixtures do.
 */
export function boxed<Fixtures extends object>(fixtures: Fixtures): Fixtures {
  const entries = Object.entries(fixtures as Readonly<Record<string, unknown>>).map(([name, fixture]) => {
    const [definition, options] = Array.isArray(fixture) ? fixture : [fixture];
    return [name, [definition, { ...options, box: 'self' }]];
  });
  // Each has the definition that it had, and an option more.
  return Object.fromEntries(entries) as Fixtures;
}
