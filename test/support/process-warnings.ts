/** What Node warns of, as it does of too many listeners and of times that no timer can have. */

export async function warningsDuring(work: () => Promise<unknown>): Promise<readonly Error[]> {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  try {
    await work();
  } finally {
    process.off('warning', onWarning);
  }
  return warnings;
}
