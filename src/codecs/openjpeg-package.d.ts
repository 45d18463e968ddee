/** Of the package's own interface, which comes without types, the part that is used. */
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  interface Decoder {
    /** Memory of the codec, to be filled with the codestream. */
    getEncodedBuffer(length: number): Uint8Array;
    decode(): void;
    /** A copy, empty if `decode` has failed. */
    getDecodedBuffer(): Uint8ClampedArray;
    delete(): void;
  }
  interface OpenJpeg {
    readonly J2KDecoder: new () => Decoder;
  }
  interface Options {
    /** Takes what would be written to standard output, a line at a time. */
    readonly print: (line: string) => void;
    readonly printErr: (line: string) => void;
  }
  function load(options: Options): Promise<OpenJpeg>;
  export = load;
}
