/** Storage SOP classes against the registry, and the prefixes of file names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUids } from '../../../src/dictionary/lookup.js';
import { isStorageSopClass, modalityPrefix, VERIFICATION_SOP_CLASS } from '../../../src/dictionary/sop-classes.js';
import { OTHER_UIDS } from '../../../src/dictionary/uids.js';

const ROOT = '1.2.840.10008.5.1.4.1.1';
/** Named "Storage" without being a class whose instances are stored over the network. */
const NOT_STORAGE = new Set([
  '1.2.840.10008.1.3.10', // Media Storage Directory Storage
  '1.2.840.10008.1.20.1', // Storage Commitment
  '1.2.840.10008.1.20.1.1',
  '1.2.840.10008.1.20.2',
  '1.2.840.10008.1.20.2.1',
  '1.2.840.10008.4.2', // Storage Service Class
  '1.2.840.10008.5.1.4.1.1.201.1.1', // Storage Management SOP Instance
]);

test('Every class that the registry names storage is one, and so are the two that lost their names', () => {
  const stored = parseUids(OTHER_UIDS).filter(({ uid, name }) => /Storage/.test(name) && !NOT_STORAGE.has(uid));
  assert.equal(stored.length, 208);
  for (const { uid } of stored) assert.ok(isStorageSopClass(uid), uid);
  for (const suffix of ['12.77', '40']) assert.ok(isStorageSopClass(`${ROOT}.${suffix}`));
});

test('No class of the registry is storage that does not say so', () => {
  const others = parseUids(OTHER_UIDS).filter(({ uid, name }) => NOT_STORAGE.has(uid) || !/Storage|^$/.test(name));
  for (const { uid } of others) assert.ok(!isStorageSopClass(uid), uid);
  assert.ok(!isStorageSopClass(VERIFICATION_SOP_CLASS));
  assert.ok(!isStorageSopClass('1.2.840.113619.4.2'));
});

test('Every storage class but the nameless has a prefix of two to four characters', () => {
  const uids = parseUids(OTHER_UIDS).map(({ uid }) => uid);
  const stored = uids.filter(isStorageSopClass);
  for (const uid of stored) assert.match(modalityPrefix(uid), /^[A-Za-z_\d]{2,4}$/);
  const unknown = stored.filter((uid) => modalityPrefix(uid) === 'UN');
  assert.deepEqual(unknown, [`${ROOT}.12.77`, `${ROOT}.40`]);
});

/** Prefixes by the keyword of the class, so that a slip in a suffix shows. */
const PREFIXES = `
CR ComputedRadiographyImageStorage
DX DigitalXRayImageStorageForPresentation
DP DigitalXRayImageStorageForProcessing
DXm DigitalMammographyXRayImageStorageForPresentation
DPm DigitalMammographyXRayImageStorageForProcessing
DXo DigitalIntraOralXRayImageStorageForPresentation
DPo DigitalIntraOralXRayImageStorageForProcessing
CT CTImageStorage
CTe EnhancedCTImageStorage
CTl LegacyConvertedEnhancedCTImageStorage
USf UltrasoundMultiFrameImageStorageRetired
USm UltrasoundMultiFrameImageStorage
MR MRImageStorage
MRe EnhancedMRImageStorage
MRs MRSpectroscopyStorage
MRc EnhancedMRColorImageStorage
MRl LegacyConvertedEnhancedMRImageStorage
NMr NuclearMedicineImageStorageRetired
USr UltrasoundImageStorageRetired
US UltrasoundImageStorage
USe EnhancedUSVolumeStorage
PA PhotoacousticImageStorage
SC SecondaryCaptureImageStorage
SCs MultiFrameSingleBitSecondaryCaptureImageStorage
SCb MultiFrameGrayscaleByteSecondaryCaptureImageStorage
SCw MultiFrameGrayscaleWordSecondaryCaptureImageStorage
SCc MultiFrameTrueColorSecondaryCaptureImageStorage
OV StandaloneOverlayStorage
CV StandaloneCurveStorage
WV_d WaveformStorageTrial
TLE TwelveLeadECGWaveformStorage
ECG GeneralECGWaveformStorage
ECA AmbulatoryECGWaveformStorage
ECGh General32bitECGWaveformStorage
WVh HemodynamicWaveformStorage
WVc CardiacElectrophysiologyWaveformStorage
AUV BasicVoiceAudioWaveformStorage
AUG GeneralAudioWaveformStorage
WVa ArterialPulseWaveformStorage
WVr RespiratoryWaveformStorage
WVm MultichannelRespiratoryWaveformStorage
EEG RoutineScalpElectroencephalogramWaveformStorage
EMG ElectromyogramWaveformStorage
EOG ElectrooculogramWaveformStorage
WVs SleepElectroencephalogramWaveformStorage
WVb BodyPositionWaveformStorage
ML StandaloneModalityLUTStorage
VO StandaloneVOILUTStorage
PSg GrayscaleSoftcopyPresentationStateStorage
PSc ColorSoftcopyPresentationStateStorage
PSp PseudoColorSoftcopyPresentationStateStorage
PSb BlendingSoftcopyPresentationStateStorage
PSx XAXRFGrayscaleSoftcopyPresentationStateStorage
VPg GrayscalePlanarMPRVolumetricPresentationStateStorage
VPc CompositingPlanarMPRVolumetricPresentationStateStorage
PSa AdvancedBlendingPresentationStateStorage
VPv VolumeRenderingVolumetricPresentationStateStorage
VPs SegmentedVolumeRenderingVolumetricPresentationStateStorage
VPm MultipleVolumeRenderingVolumetricPresentationStateStorage
PSv VariableModalityLUTSoftcopyPresentationStateStorage
XA XRayAngiographicImageStorage
XAe EnhancedXAImageStorage
RF XRayRadiofluoroscopicImageStorage
RFe EnhancedXRFImageStorage
XB XRayAngiographicBiPlaneImageStorage
XA3 XRay3DAngiographicImageStorage
XC3 XRay3DCraniofacialImageStorage
BT BreastTomosynthesisImageStorage
BX BreastProjectionXRayImageStorageForPresentation
BP BreastProjectionXRayImageStorageForProcessing
OCt IntravascularOpticalCoherenceTomographyImageStorageForPresentation
OCp IntravascularOpticalCoherenceTomographyImageStorageForProcessing
NM NuclearMedicineImageStorage
PM ParametricMapStorage
RAW RawDataStorage
RGs SpatialRegistrationStorage
FID SpatialFiducialsStorage
RGd DeformableSpatialRegistrationStorage
SG SegmentationStorage
SGs SurfaceSegmentationStorage
TR TractographyResultsStorage
SGl LabelMapSegmentationStorage
SGh HeightMapSegmentationStorage
RWM RealWorldValueMappingStorage
SSm SurfaceScanMeshStorage
SSp SurfaceScanPointCloudStorage
VLr VLImageStorageTrial
VLe VLEndoscopicImageStorage
VVe VideoEndoscopicImageStorage
VLm VLMicroscopicImageStorage
VVm VideoMicroscopicImageStorage
VLs VLSlideCoordinatesMicroscopicImageStorage
VLp VLPhotographicImageStorage
VVp VideoPhotographicImageStorage
OPb OphthalmicPhotography8BitImageStorage
OPw OphthalmicPhotography16BitImageStorage
OPr StereometricRelationshipStorage
OPt OphthalmicTomographyImageStorage
OWs WideFieldOphthalmicPhotographyStereographicProjectionImageStorage
OW3 WideFieldOphthalmicPhotography3DCoordinatesImageStorage
OCe OphthalmicOpticalCoherenceTomographyEnFaceImageStorage
OCb OphthalmicOpticalCoherenceTomographyBscanVolumeAnalysisStorage
VLw VLWholeSlideMicroscopyImageStorage
VLd DermoscopicPhotographyImageStorage
CFm ConfocalMicroscopyImageStorage
CFt ConfocalMicroscopyTiledPyramidalImageStorage
VMr VLMultiFrameImageStorageTrial
OPl LensometryMeasurementsStorage
OPa AutorefractionMeasurementsStorage
OPk KeratometryMeasurementsStorage
OPs SubjectiveRefractionMeasurementsStorage
OPv VisualAcuityMeasurementsStorage
SRs SpectaclePrescriptionReportStorage
OPx OphthalmicAxialMeasurementsStorage
OPc IntraocularLensCalculationsStorage
SRg MacularGridThicknessAndVolumeReportStorage
OPp OphthalmicVisualFieldStaticPerimetryMeasurementsStorage
OPm OphthalmicThicknessMapStorage
CM CornealTopographyMapStorage
SR_t TextSRStorageTrial
SR_a AudioSRStorageTrial
SR_d DetailSRStorageTrial
SR_c ComprehensiveSRStorageTrial
SRt BasicTextSRStorage
SRe EnhancedSRStorage
SRc ComprehensiveSRStorage
SR3 Comprehensive3DSRStorage
SRx ExtensibleSRStorage
SRp ProcedureLogStorage
SRm MammographyCADSRStorage
KO KeyObjectSelectionDocumentStorage
SRh ChestCADSRStorage
SRd XRayRadiationDoseSRStorage
SRr RadiopharmaceuticalRadiationDoseSRStorage
SRo ColonCADSRStorage
SRi ImplantationPlanSRStorage
SRa AcquisitionContextSRStorage
SRu SimplifiedAdultEchoSRStorage
SRq PatientRadiationDoseSRStorage
SRj PlannedImagingAgentAdministrationSRStorage
SRi PerformedImagingAgentAdministrationSRStorage
SRde EnhancedXRayRadiationDoseSRStorage
SRw WaveformAnnotationSRStorage
AS ContentAssessmentResultsStorage
MAs MicroscopyBulkSimpleAnnotationsStorage
PDF EncapsulatedPDFStorage
CDA EncapsulatedCDAStorage
STL EncapsulatedSTLStorage
OBJ EncapsulatedOBJStorage
MTL EncapsulatedMTLStorage
PI PositronEmissionTomographyImageStorage
PIl LegacyConvertedEnhancedPETImageStorage
PC StandalonePETCurveStorage
PIe EnhancedPETImageStorage
SD BasicStructuredDisplayStorage
PPcd CTDefinedProcedureProtocolStorage
PPcp CTPerformedProcedureProtocolStorage
PAp ProtocolApprovalStorage
PPxd XADefinedProcedureProtocolStorage
PPxp XAPerformedProcedureProtocolStorage
INV InventoryStorage
RI RTImageStorage
RD RTDoseStorage
RS RTStructureSetStorage
RTb RTBeamsTreatmentRecordStorage
RP RTPlanStorage
RTr RTBrachyTreatmentRecordStorage
RTs RTTreatmentSummaryRecordStorage
RPi RTIonPlanStorage
RTi RTIonBeamsTreatmentRecordStorage
RIp RTPhysicianIntentStorage
RAs RTSegmentAnnotationStorage
RSe RTRadiationSetStorage
Rca CArmPhotonElectronRadiationStorage
Rto TomotherapeuticRadiationStorage
Rra RoboticArmRadiationStorage
RSr RTRadiationRecordSetStorage
RRs RTRadiationSalvageRecordStorage
RRt TomotherapeuticRadiationRecordStorage
RRc CArmPhotonElectronRadiationRecordStorage
RRr RoboticRadiationRecordStorage
RSd RTRadiationSetDeliveryInstructionStorage
RTp RTTreatmentPreparationStorage
RIe EnhancedRTImageStorage
RIc EnhancedContinuousRTImageStorage
RPp RTPatientPositionAcquisitionInstructionStorage
CTs DICOSCTImageStorage
DXs DICOSDigitalXRayImageStorageForPresentation
DPs DICOSDigitalXRayImageStorageForProcessing
TDR DICOSThreatDetectionReportStorage
AI2 DICOS2DAITStorage
AI3 DICOS3DAITStorage
QR DICOSQuadrupoleResonanceStorage
EC EddyCurrentImageStorage
ECm EddyCurrentMultiFrameImageStorage
TG ThermographyImageStorage
TGm ThermographyMultiFrameImageStorage
SP StoredPrintStorage
HG HardcopyGrayscaleImageStorage
HC HardcopyColorImageStorage
RB_d RTBeamsDeliveryInstructionStorageTrial
RTd RTBeamsDeliveryInstructionStorage
RTa RTBrachyApplicationSetupDeliveryInstructionStorage
HP HangingProtocolStorage
CP ColorPaletteStorage
IT GenericImplantTemplateStorage
ITa ImplantAssemblyTemplateStorage
ITg ImplantTemplateGroupStorage`;

test('A class has the prefix that its name lets expect', () => {
  const uids = new Map(parseUids(OTHER_UIDS).map(({ uid, keyword }) => [keyword, uid]));
  const rows = PREFIXES.trim().split('\n');
  assert.equal(rows.length, 208);
  for (const row of rows) {
    const [prefix, keyword = ''] = row.split(' ');
    assert.equal(modalityPrefix(uids.get(keyword) ?? ''), prefix, row);
  }
});

test('Classes newer than the registry have theirs, unknown ones UN', () => {
  for (const [suffix, prefix] of [
    ['9.100.1', 'PSw'],
    ['9.100.2', 'PSq'],
    ['601.5', 'UW'],
  ])
    assert.equal(modalityPrefix(`${ROOT}.${suffix}`), prefix);
  for (const uid of ['1.2.840.113619.4.2', '', VERIFICATION_SOP_CLASS, `${ROOT}.2.1.1`])
    assert.equal(modalityPrefix(uid), 'UN');
});
