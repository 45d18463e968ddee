/** A named pipe whose reader may take its time. */
import assert from 'node:assert/strict';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { makeNamedPipe } from './named-pipe.js';

/** As much is in it as it takes. */
export class FullPipe implements AsyncDisposable {
  readonly path: string;
  readonly #writer: number;
  #reader: number;
  #isOpen = true;

  constructor(path: string) {
    this.path = path;
    makeNamedPipe(path);
    this.#reader = openReader(path);
    this.#writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.fill();
  }

  fill(): void {
    for (const bytes of [4096, 1])
      assert.throws(
        () => {
          for (;;) writeSync(this.#writer, Buffer.alloc(bytes));
        },
        { code: 'EAGAIN' },
      );
  }

  /** @returns what was in it, without what `fill` has put there */
  drain(): string {
    const bytes = Buffer.alloc(4096);
    let text = '';
    assert.throws(
      () => {
        for (;;) text += bytes.toString('utf8', 0, readSync(this.#reader, bytes));
      },
      { code: 'EAGAIN' },
    );
    return text.replaceAll('\0', '');
  }

  /** The reader goes. */
  leave(): void {
    closeSync(this.#reader);
  }

  /** Another comes. */
  comeBack(): void {
    this.#reader = openReader(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) for (const fd of [this.#reader, this.#writer]) closeSync(fd);
    this.#isOpen = false;
  }
}

function openReader(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}
