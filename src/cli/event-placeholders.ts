/** The placeholders of `--exec` and `--exec-study`, and what stands in their place. */
import { basename, dirname } from 'node:path';
import type { InstanceStored, StudyEnded } from '../index.js';
import type { PlaceholderValues } from './command-template.js';

export const INSTANCE_PLACEHOLDERS = [
  'path',
  'directory',
  'file',
  'SOPClassUID',
  'SOPInstanceUID',
  'StudyInstanceUID',
  'SeriesInstanceUID',
  'PatientID',
  'Modality',
  'TransferSyntaxUID',
  'CallingAET',
  'CalledAET',
  'PeerAddress',
  'bytes',
] as const;

export const STUDY_PLACEHOLDERS = [
  'StudyInstanceUID',
  'PatientID',
  'directory',
  'CallingAET',
  'instances',
  'series',
  'bytes',
  'reason',
] as const;

export function instanceValues(event: InstanceStored): PlaceholderValues<(typeof INSTANCE_PLACEHOLDERS)[number]> {
  const { path = '' } = event;
  return {
    path,
    directory: dirname(path),
    file: basename(path),
    SOPClassUID: event.sopClassUid,
    SOPInstanceUID: event.sopInstanceUid,
    StudyInstanceUID: event.studyInstanceUid ?? '',
    SeriesInstanceUID: event.seriesInstanceUid ?? '',
    PatientID: event.patientId ?? '',
    Modality: event.modality ?? '',
    TransferSyntaxUID: event.transferSyntaxUid,
    CallingAET: event.callingAeTitle,
    CalledAET: event.calledAeTitle,
    PeerAddress: hostOf(event.remote),
    bytes: String(event.bytes),
  };
}

export function studyValues(event: StudyEnded): PlaceholderValues<(typeof STUDY_PLACEHOLDERS)[number]> {
  return {
    StudyInstanceUID: event.studyInstanceUid,
    PatientID: event.patientId ?? '',
    directory: event.directory ?? '',
    CallingAET: event.callingAeTitles[0] ?? '',
    instances: String(event.instances),
    series: String(event.series),
    bytes: String(event.bytes),
    reason: event.reason,
  };
}

/** Of `10.0.0.1:104` and `[fe80::1]:104`. */
function hostOf(remote: string): string {
  return remote.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
