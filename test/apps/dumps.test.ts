/** The logs of both applications, line by line, for the situations that their manual pages show. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EXPLICIT_VR_LITTLE_ENDIAN } from '../../src/dataset/transfer-syntax.js';
import { PRIORITY, responseTo, VERSION } from '../../src/index.js';
import { CT_INSTANCE, ctImage, type Folder, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import {
  acceptAssociation,
  acceptance,
  messagePdus,
  openAssociation,
  PduSocket,
  releaseAssociation,
  scriptedPeer,
} from '../support/apps-peer.js';
import { listeningStorescp, runStorescu, words } from '../support/apps-run.js';
import { encodeDataSet } from '../support/data-set.js';
import { CT_IMAGE } from '../support/sample-instance.js';

const VERSION_NAME = `NETDICOM_${VERSION.replaceAll('.', '')}`;

const STORESCU_REQUEST = [
  'I: Requesting Association',
  'D: Request Parameters:',
  'D: ====================== BEGIN A-ASSOCIATE-RQ =====================',
  'D: Our Implementation Class UID:      2.25.190146791043182537444806132342625375407',
  `D: Our Implementation Version Name:   ${VERSION_NAME}`,
  'D: Application Context Name:    1.2.840.10008.3.1.1.1',
  'D: Calling Application Name:    ECHOSCU         ',
  'D: Called Application Name:     ANY-SCP         ',
  'D: Our Max PDU Receive Size:    16384',
  'D: Presentation Context:',
  'D:   Context ID:        1 (Proposed)',
  'D:     Abstract Syntax: =CT Image Storage',
  'D:     Proposed SCP/SCU Role: Default',
  'D:     Proposed Transfer Syntax:',
  'D:       =Implicit VR Little Endian',
  'D: Requested Extended Negotiation: None',
  'D: Requested Common Extended Negotiation: None',
  'D: Requested User Identity Negotiation: None',
  'D: ======================= END A-ASSOCIATE-RQ ======================',
];

const STORESCU_DEBUG = [
  `D: $storescu v${VERSION}`,
  'D: ',
  'D: Checking input file',
  ...STORESCU_REQUEST,
  'D: Accept Parameters:',
  'D: ====================== BEGIN A-ASSOCIATE-AC =====================',
  'D: Their Implementation Class UID:    1.2.826.0.1.3680043.9.3811.0.9.1',
  'D: Their Implementation Version Name: PYNETDICOM3_091',
  'D: Application Context Name:    1.2.840.10008.3.1.1.1',
  'D: Calling Application Name:    ECHOSCU         ',
  'D: Called Application Name:     ANY-SCP         ',
  'D: Their Max PDU Receive Size:  16382',
  'D: Presentation Contexts:',
  'D:   Context ID:        1 (Accepted)',
  'D:     Accepted Transfer Syntax: =Implicit VR Little Endian',
  'D: Accepted Extended Negotiation: None',
  'D: Accepted Common Extended Negotiation: None',
  'D: Accepted Asynchronous Operations Window Negotiation: None',
  'D: User Identity Negotiation Response:  None',
  'D: ======================= END A-ASSOCIATE-AC ======================',
  'I: Association Accepted',
  'I: Sending file: ct.dcm',
  'I: Sending Store Request: MsgID 1, (CT)',
  'D: ===================== OUTGOING DIMSE MESSAGE ====================',
  'D: Message Type                  : C-STORE RQ',
  'D: Message ID                    : 1',
  'D: Affected SOP Class UID        : 1.2.840.10008.5.1.4.1.1.2',
  'D: Affected SOP Instance UID     : 1.2.3.4.5.6',
  'D: Data Set                      : Present',
  'D: Priority                      : Low',
  'D: ======================= END DIMSE MESSAGE =======================',
  'D: netdicom.read_dataset() TransferSyntax="Little Endian Implicit"',
  'I: Received Store Response',
  'D: ===================== INCOMING DIMSE MESSAGE ====================',
  'D: Message Type                  : C-STORE RSP',
  'D: Presentation Context ID       : 1',
  'D: Message ID Being Responded To : 1',
  'D: Affected SOP Class UID        : 1.2.840.10008.5.1.4.1.1.2',
  'D: Affected SOP Instance UID     : 1.2.3.4.5.6',
  'D: Data Set                      : None',
  'D: DIMSE Status                  : 0x0000 - Success',
  'D: ======================= END DIMSE MESSAGE =======================',
  'I: Releasing Association',
];

/** From the requestor of the page: context 41 and Explicit VR Little Endian. */
const STORESCP_DEBUG = [
  `D: $storescp v${VERSION}`,
  'D: ',
  'D: Listening on ALL:PORT as STORESCP, storing in FOLDER',
  'I: Association Received',
  'D: Request Parameters:',
  'D: ====================== BEGIN A-ASSOCIATE-RQ =====================',
  'D: Their Implementation Class UID:    2.25.190146791043182537444806132342625375407',
  `D: Their Implementation Version Name: ${VERSION_NAME}`,
  'D: Application Context Name:    1.2.840.10008.3.1.1.1',
  'D: Calling Application Name:    PEER            ',
  'D: Called Application Name:     ANY-SCP         ',
  'D: Their Max PDU Receive Size:  16384',
  'D: Presentation Contexts:',
  'D:   Context ID:        41 (Proposed)',
  'D:     Abstract Syntax: =CT Image Storage',
  'D:     Proposed SCP/SCU Role: Default',
  'D:     Proposed Transfer Syntax:',
  'D:       =Explicit VR Little Endian',
  'D:   Context ID:        43 (Proposed)',
  'D:     Abstract Syntax: =1.2.3.4',
  'D:     Proposed SCP/SCU Role: Default',
  'D:     Proposed Transfer Syntaxes:',
  'D:       =Explicit VR Big Endian',
  'D:       =Implicit VR Little Endian',
  'D: Requested Extended Negotiation: None',
  'D: Requested Common Extended Negotiation: None',
  'D: Requested Asynchronous Operations Window Negotiation: None',
  'D: Requested User Identity Negotiation: None',
  'D: ======================= END A-ASSOCIATE-RQ ======================',
  'I: Association Accepted',
  'D: Accept Parameters:',
  'D: ====================== BEGIN A-ASSOCIATE-AC =====================',
  'D: Our Implementation Class UID:      2.25.190146791043182537444806132342625375407',
  `D: Our Implementation Version Name:   ${VERSION_NAME}`,
  'D: Application Context Name:    1.2.840.10008.3.1.1.1',
  'D: Calling Application Name:    PEER            ',
  'D: Called Application Name:     ANY-SCP         ',
  'D: Our Max PDU Receive Size:    16384',
  'D: Presentation Contexts:',
  'D:   Context ID:        41 (Accepted)',
  'D:     Accepted Transfer Syntax: =Explicit VR Little Endian',
  'D:   Context ID:        43 (Abstract Syntax Not Supported)',
  'D: Accepted Extended Negotiation: None',
  'D: Accepted Common Extended Negotiation: None',
  'D: Accepted Asynchronous Operations Window Negotiation: None',
  'D: User Identity Negotiation Response:  None',
  'D: ======================= END A-ASSOCIATE-AC ======================',
  'D: netdicom.read_dataset() TransferSyntax="Little Endian Implicit"',
  'I: Received Store Request',
  'D: ===================== INCOMING DIMSE MESSAGE ====================',
  'D: Message Type                  : C-STORE RQ',
  'D: Presentation Context ID       : 41',
  'D: Message ID                    : 1',
  'D: Affected SOP Class UID        : 1.2.840.10008.5.1.4.1.1.2',
  'D: Affected SOP Instance UID     : 1.2.3.4.5.6',
  'D: Data Set                      : Present',
  'D: Priority                      : Low',
  'D: ======================= END DIMSE MESSAGE =======================',
  'D: netdicom.read_dataset() TransferSyntax="Little Endian Explicit"',
  'I: Storing DICOM file: CT.1.2.3.4.5.6',
  'I: Association Released',
  'I: Stopping on SIGINT',
];

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
});
after(() => folder[Symbol.asyncDispose]());

const limits = { concurrency: 4, timeout: 60_000 };

describe('storescu prints what its page shows', limits, () => {
  for (const option of ['-d', '--debug', '-ll debug'])
    it(`with ${option}`, async (test) => {
      await using peer = await scriptedPeer(async (socket) => {
        const answer = acceptance(await socket.expect('A-ASSOCIATE-RQ'));
        const theirs = {
          maximumLength: 16_382,
          implementationClassUid: '1.2.826.0.1.3680043.9.3811.0.9.1',
          implementationVersionName: 'PYNETDICOM3_091',
        };
        socket.send({ ...answer, userInformation: { ...answer.userInformation, ...theirs } });
        const { message } = await socket.message();
        assert.ok(message.type === 'C-STORE-RQ');
        socket.send(...messagePdus(responseTo(message, 0x0000), 1));
        await socket.expect('A-RELEASE-RQ');
        socket.send({ type: 'A-RELEASE-RP' });
        await socket.expectEnd();
      });
      const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm', ...words(option)], {
        cwd: folder.path,
      });
      await peer.done;
      assert.deepEqual(linesOf(ended.stderr), STORESCU_DEBUG);
      assert.deepEqual([ended.stdout, ended.code], ['', 0]);
    });

  it('with -d when the association is rejected', async (test) => {
    await using peer = await scriptedPeer(async (socket) => {
      await socket.expect('A-ASSOCIATE-RQ');
      socket.send({ type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 7 });
      await socket.expectEnd();
    });
    const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm', '-d'], { cwd: folder.path });
    await peer.done;
    assert.deepEqual(linesOf(ended.stderr).slice(3), [
      ...STORESCU_REQUEST,
      'D: Reject Parameters:',
      'D: ====================== BEGIN A-ASSOCIATE-RJ =====================',
      'D: Result:    rejected permanent',
      'D: Source:    service user',
      'D: Reason:    called AE title not recognized',
      'D: ======================= END A-ASSOCIATE-RJ ======================',
      `E: Association Rejected (127.0.0.1:${peer.port}): called AE title not recognized (rejected permanent, by service user, 1/1/7)`,
    ]);
    assert.equal(ended.code, 1);
  });

  it('with -d when the peer aborts', async (test) => {
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      await socket.message();
      socket.send({ type: 'A-ABORT', source: 2, reason: 6 });
      await socket.expectEnd();
    });
    const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm', '-d'], { cwd: folder.path });
    await peer.done;
    assert.deepEqual(linesOf(ended.stderr).slice(-6), [
      'D: Abort Parameters:',
      'D: ========================= BEGIN A-ABORT =========================',
      'D: Abort Source: service provider',
      'D: Abort Reason: invalid PDU parameter value',
      'D: ========================== END A-ABORT ==========================',
      `E: Association Aborted (127.0.0.1:${peer.port}) while sending ct.dcm: by the peer, service provider: invalid PDU parameter value (2/6)`,
    ]);
    assert.equal(ended.code, 1);
  });

  it('when no presentation context is accepted', async (test) => {
    await using storescp = await listeningStorescp(['-xi', '--ignore']);
    const args = ['127.0.0.1', `${storescp.port}`, 'ct.dcm', '-xe'];
    const ended = await runStorescu(test, args, { cwd: folder.path });
    assert.deepEqual([ended.stderr, ended.code], ['E: No Acceptable Presentation Contexts\n', 1]);
  });
});

describe('storescp prints what its page shows', limits, () => {
  const pageLines = (prefixes: RegExp) => STORESCP_DEBUG.filter((line) => prefixes.test(line));
  for (const [option, expected] of [
    ['-d', STORESCP_DEBUG],
    ['-v', pageLines(/^I:/)],
    ['-ll warning', []],
  ] as const)
    it(`with ${option}`, async () => {
      await using output = await temporaryFolder();
      await using storescp = await listeningStorescp([...words(option), '-od', output.path]);
      await sendCtImage(storescp.port);
      const ended = await storescp.process.stop('SIGINT');
      const general = (text: string) =>
        text
          .replaceAll(`${storescp.port}`, 'PORT')
          .replaceAll(output.path, 'FOLDER')
          .replaceAll(/(?<=Listening on )\S+(?=:PORT)/g, 'ALL');
      assert.deepEqual(linesOf(general(ended.stderr)), expected);
      const listening = 'PORT\nListening on ALL:PORT as STORESCP, storing in FOLDER\n';
      assert.deepEqual([general(ended.stdout), ended.code], [listening, 130]);
    });
});

/** As the requestor of the page, but for one context more that storescp has no use for. */
async function sendCtImage(port: number): Promise<void> {
  await using socket = await PduSocket.connect(port);
  await openAssociation(socket, [
    { id: 41, abstractSyntax: CT_IMAGE, transferSyntaxes: [EXPLICIT_VR_LITTLE_ENDIAN.uid] },
    { id: 43, abstractSyntax: '1.2.3.4', transferSyntaxes: ['1.2.840.10008.1.2.2', '1.2.840.10008.1.2'] },
  ]);
  const request = {
    type: 'C-STORE-RQ',
    affectedSopClassUid: CT_IMAGE,
    messageId: 1,
    priority: PRIORITY.low,
    affectedSopInstanceUid: CT_INSTANCE,
  } as const;
  socket.send(...messagePdus(request, 41, encodeDataSet(ctImage, EXPLICIT_VR_LITTLE_ENDIAN)));
  const { message } = await socket.message();
  assert.deepEqual(message, responseTo(request, 0x0000));
  await releaseAssociation(socket);
}

function linesOf(log: string): string[] {
  return log.split('\n').slice(0, -1);
}
