/** Of the package's own interface, which comes without types, the part that is used. */
declare module 'dicom-character-set' {
  /** @throws Error on a character set that nobody knows, and on an escape sequence of none that is named */
  export function convertBytes(
    specificCharacterSet: string | undefined,
    bytes: Uint8Array,
    options: { readonly vr: string },
  ): string;
}
