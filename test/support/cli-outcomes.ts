/** Outcomes of storeFiles as they might come, for those that listen to them. */
import { describeStatus, EXPLICIT_VR_LITTLE_ENDIAN, type InstanceFile, type StoreOutcome } from '../../src/index.js';
import { CT_IMAGE } from './sample-instance.js';

const IMPLICIT = '1.2.840.10008.1.2';

export function instanceFile(path: string, given: Partial<InstanceFile> = {}): InstanceFile {
  return {
    path,
    sopClassUid: CT_IMAGE,
    sopInstanceUid: '1.2.3',
    transferSyntaxUid: EXPLICIT_VR_LITTLE_ENDIAN.uid,
    transferSyntax: EXPLICIT_VR_LITTLE_ENDIAN,
    dataSetOffset: 300,
    size: 1300,
    modifiedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) + 0.25,
    changedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 679),
    inode: 42,
    needsRewrite: false,
    movesFragments: false,
    warnings: [],
    ...given,
  };
}

/** Of a file that was answered with `code`. */
export function answered(
  code: number,
  instance: InstanceFile,
  { errorComment, isConverted = false }: { readonly errorComment?: string; readonly isConverted?: boolean } = {},
): Extract<StoreOutcome, { type: 'stored' | 'refused' }> {
  const { path, sopClassUid, sopInstanceUid, transferSyntaxUid, size, dataSetOffset } = instance;
  const status = describeStatus(code);
  return {
    type: ['success', 'warning'].includes(status.category) ? 'stored' : 'refused',
    path,
    instance,
    status,
    response: {
      type: 'C-STORE-RSP',
      affectedSopClassUid: sopClassUid,
      messageIdBeingRespondedTo: 1,
      status: code,
      affectedSopInstanceUid: sopInstanceUid,
      ...(errorComment === undefined ? {} : { errorComment }),
    },
    context: { id: 3, abstractSyntax: sopClassUid, transferSyntax: isConverted ? IMPLICIT : transferSyntaxUid },
    bytes: size - dataSetOffset,
    ms: 12.345,
    attempts: 1,
  };
}

export function unanswered(instance: InstanceFile): Extract<StoreOutcome, { type: 'unanswered' }> {
  const { context, bytes, ms, attempts } = answered(0, instance);
  const error = new Error('connection lost');
  return { type: 'unanswered', path: instance.path, instance, error, context, bytes, ms, attempts };
}
