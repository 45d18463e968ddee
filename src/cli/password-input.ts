/** A password from standard input: typed twice without being shown, or as it comes through a pipe. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { writeStandard } from './log.js';
import { withoutLineEnd } from './secret-file.js';

/** What a user identity has room for, and a line end (PS3.7 Table D.3-14). */
const MAX_LENGTH = 0xffff;

/**
 * One newline at the end is no part of it.
 * @returns undefined if it was broken off with Ctrl-C
 * @throws {Error} one line, if it is empty, too long, or not the same twice
 */
export async function readPassword(): Promise<Buffer | undefined> {
  const password = process.stdin.isTTY ? await typedPassword() : withoutLineEnd(await allOf(process.stdin));
  if (password?.length === 0) throw new Error('the password is empty');
  if (password !== undefined && password.length > MAX_LENGTH)
    throw new Error(`the password has more than ${MAX_LENGTH} bytes`);
  return password;
}

async function allOf(input: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    // Far enough to know that it is too long.
    if (length > 2 * MAX_LENGTH) break;
  }
  return Buffer.concat(chunks);
}

/** Shows the prompts on standard error, and nothing of what is typed. */
async function typedPassword(): Promise<Buffer | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  let isBrokenOff = false;
  lines.once('SIGINT', () => {
    isBrokenOff = true;
    lines.close();
  });
  try {
    const typed = lines[Symbol.asyncIterator]();
    const first = await answer('Password: ', typed);
    const second = first === '' ? '' : await answer('Again: ', typed);
    if (isBrokenOff) return undefined;
    if (first !== second) throw new Error('the passwords are not the same');
    return Buffer.from(second);
  } finally {
    // Gives the terminal back as it was.
    lines.close();
  }
}

/** Empty if there is no answer, as after Ctrl-D. */
async function answer(prompt: string, typed: AsyncIterator<string>): Promise<string> {
  writeStandard(2, prompt);
  const { value, done } = await typed.next();
  writeStandard(2, '\n');
  return done === true ? '' : value;
}
