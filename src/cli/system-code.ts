/** Which of the system's errors an error is. */

/** `ENOENT`, say; empty of an error that is not the system's. */
export function systemCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
