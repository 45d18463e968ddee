/** The user's mistake, as against a failure of the work: reported in one line, exit code 2. */
import { printable } from './printable.js';

/** `message` is one printable line that names the option, argument or line of a file at fault. */
export class CommandLineError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(printable(message), options);
    this.name = 'CommandLineError';
  }
}
