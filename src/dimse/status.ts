/** PS3.7 Annex C, PS3.4 B.2.3: what a DIMSE status means. */

/** PS3.7 C.1: what a status says at the least. A code in none of the standard's ranges is a failure. */
export type StatusCategory = 'success' | 'warning' | 'failure' | 'cancel' | 'pending';

/** A status in words. */
export interface Status {
  readonly code: number;
  readonly category: StatusCategory;
  readonly meaning: string;
}

/** The statuses that this library and its sinks send. */
export const STATUS = {
  success: 0x0000,
  processingFailure: 0x0110,
  duplicateInstance: 0x0111,
  invalidInstance: 0x0117,
  sopClassNotSupported: 0x0122,
  duplicateInvocation: 0x0210,
  unrecognizedOperation: 0x0211,
  resourceLimitation: 0x0213,
  outOfResources: 0xa700,
  dataSetDoesNotMatch: 0xa900,
  cannotUnderstand: 0xc000,
} as const;

type StatusRange = readonly [first: number, last: number, category: StatusCategory, meaning: string];

/** The narrow ranges come before the wide ones round them; a code in none of them is a failure. */
const RANGES: readonly StatusRange[] = [
  [0x0000, 0x0000, 'success', 'Success'],
  [0x0001, 0x0001, 'warning', 'Requested Optional Attributes Are Not Supported'],
  [0x0105, 0x0105, 'failure', 'No Such Attribute'],
  [0x0106, 0x0106, 'failure', 'Invalid Attribute Value'],
  [0x0107, 0x0107, 'warning', 'Attribute List Error'],
  [0x0110, 0x0110, 'failure', 'Processing Failure'],
  [0x0111, 0x0111, 'failure', 'Duplicate SOP Instance'],
  [0x0112, 0x0112, 'failure', 'No Such SOP Instance'],
  [0x0113, 0x0113, 'failure', 'No Such Event Type'],
  [0x0114, 0x0114, 'failure', 'No Such Argument'],
  [0x0115, 0x0115, 'failure', 'Invalid Argument Value'],
  [0x0116, 0x0116, 'warning', 'Attribute Value Out of Range'],
  [0x0117, 0x0117, 'failure', 'Invalid SOP Instance'],
  [0x0118, 0x0118, 'failure', 'No Such SOP Class'],
  [0x0119, 0x0119, 'failure', 'Class-Instance Conflict'],
  [0x0120, 0x0120, 'failure', 'Missing Attribute'],
  [0x0121, 0x0121, 'failure', 'Missing Attribute Value'],
  [0x0122, 0x0122, 'failure', 'SOP Class Not Supported'],
  [0x0123, 0x0123, 'failure', 'No Such Action Type'],
  [0x0124, 0x0124, 'failure', 'Not Authorized'],
  [0x0210, 0x0210, 'failure', 'Duplicate Invocation'],
  [0x0211, 0x0211, 'failure', 'Unrecognized Operation'],
  [0x0212, 0x0212, 'failure', 'Mistyped Argument'],
  [0x0213, 0x0213, 'failure', 'Resource Limitation'],
  [0xa700, 0xa7ff, 'failure', 'Out of Resources'],
  [0xa900, 0xa9ff, 'failure', 'Data Set Does Not Match SOP Class'],
  [0xb000, 0xb000, 'warning', 'Coercion of Data Elements'],
  [0xb006, 0xb006, 'warning', 'Elements Discarded'],
  [0xb007, 0xb007, 'warning', 'Data Set Does Not Match SOP Class'],
  [0xb000, 0xbfff, 'warning', 'Unknown Warning'],
  [0xc000, 0xcfff, 'failure', 'Cannot Understand'],
  [0xfe00, 0xfe00, 'cancel', 'Cancel'],
  [0xff00, 0xff00, 'pending', 'Pending'],
  [0xff01, 0xff01, 'pending', 'Optional Keys Not Supported'],
];

/** Category and meaning of `code`, whatever it is. */
export function describeStatus(code: number): Status {
  const range = RANGES.find(([first, last]) => first <= code && code <= last);
  if (range === undefined) return { code, category: 'failure', meaning: 'Unknown Status' };
  const [, , category, meaning] = range;
  return { code, category, meaning };
}

const CATEGORY_WORDS: Readonly<Record<StatusCategory, string>> = {
  success: 'Success',
  warning: 'Warning',
  failure: 'Failure',
  cancel: 'Cancel',
  pending: 'Pending',
};

/** `0xA700 - Failure`. */
export function formatStatus(code: number): string {
  return `${formatCode(code)} - ${CATEGORY_WORDS[describeStatus(code).category]}`;
}

/** `0xA700 - Failure: Out of Resources`; a category that says it all stands alone. */
export function statusLine(code: number): string {
  const { category, meaning } = describeStatus(code);
  const word = CATEGORY_WORDS[category];
  return word === meaning ? formatStatus(code) : `${formatStatus(code)}: ${meaning}`;
}

function formatCode(code: number): string {
  return `0x${code.toString(16).toUpperCase().padStart(4, '0')}`;
}
