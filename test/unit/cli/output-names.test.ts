/** What `--output-pattern` makes of an instance: the folders and the name of its file. */
import assert from 'node:assert/strict';
import { join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { textDecoder } from '../../../src/cli/character-set.js';
import { CommandLineError } from '../../../src/cli/command-line-error.js';
import { outputNames } from '../../../src/cli/output-names.js';
import { outputPattern } from '../../../src/cli/output-pattern.js';
import { MAX_NAME_BYTES } from '../../../src/cli/safe-name.js';
import { type CapturedAttribute, type IncomingInstance, parseUid, type Vr } from '../../../src/index.js';

type Attributes = Readonly<Record<string, readonly [vr: Vr, value: string]>>;

const SAMPLE: Attributes = {
  '00080020': ['DA', '20240131'],
  '00080030': ['TM', '0930'],
  '0008002a': ['DT', '20240131093001.25+0100'],
  '00080008': ['CS', 'ORIGINAL\\PRIMARY\\AXIAL '],
  '00080060': ['CS', 'CT'],
  '00080080': ['LO', '..'],
  '00100010': ['PN', 'Doe^Jane '],
  '00100020': ['LO', 'A/B\0'],
  '00100040': ['CS', ''],
  '00091001': ['UN', 'private '],
  '0020000d': ['UI', '1.2.3.4\0'],
  '00200013': ['IS', ' 7 '],
  '00201208': ['IS', '+7'],
  '00280009': ['AT', '\x18\x00\x63\x10\x0c\x00\xff\x00'],
  '00280010': ['US', '\x00\x02'],
  '00280106': ['SS', '\xff\xff'],
};

function instanceOf(attributes: Attributes = SAMPLE, more: Partial<IncomingInstance> = {}): IncomingInstance {
  return {
    sopClassUid: parseUid('1.2.840.10008.5.1.4.1.1.2'),
    sopInstanceUid: parseUid('1.2.3'),
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    callingAeTitle: 'CALL\\ING',
    calledAeTitle: 'CALLED',
    remote: '[fe80::1]:1234',
    fileName: 'CT.1.2.3',
    attributes: new Map(
      Object.entries(attributes).map(([tag, [vr, value]]): [number, CapturedAttribute] => [
        parseInt(tag, 16),
        { vr, bytes: Buffer.from(value, 'latin1') },
      ]),
    ),
    part10: { [Symbol.asyncIterator]: () => assert.fail('a name needs no bytes') },
    signal: new AbortController().signal,
    ...more,
  };
}

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

async function pathOf(pattern: string, instance: IncomingInstance = instanceOf()): Promise<string> {
  const names = outputNames(outputPattern(pattern), await textDecoder((fault) => assert.fail(fault)));
  return names.namesOf(instance).join('/');
}

const PATHS: readonly (readonly [pattern: string, path: string])[] = [
  ['{Prefix}.{SOPInstanceUID}', 'CT.1.2.3'],
  ['{PatientID}/{StudyDate}/{StudyInstanceUID}/{Modality}.{SOPInstanceUID}.dcm', 'A_B/20240131/1.2.3.4/CT.1.2.3.dcm'],
  ['{CallingAET}-{CalledAET}/{PeerAddress}/{SOPInstanceUID}', 'CALL_ING-CALLED/fe80__1/1.2.3'],
  ['{SOPClassUID}/{TransferSyntaxUID}/{SOPInstanceUID}', '1.2.840.10008.5.1.4.1.1.2/1.2.840.10008.1.2.1/1.2.3'],
  ['{0010,0020}/{00100010}/{0008,0018}', 'A_B/Doe^Jane/1.2.3'],
  ['{0002,0010}/{SOPInstanceUID}', '1.2.840.10008.1.2.1/1.2.3'],
  ['{0009,1001}/{SOPInstanceUID}', 'private/1.2.3'],
  ['{ImageType}/{SOPInstanceUID}', 'ORIGINAL_PRIMARY_AXIAL/1.2.3'],
  ['{PatientName:upper}/{PatientName:lower}/{SOPInstanceUID}', 'DOE^JANE/doe^jane/1.2.3'],
  ['{PatientID:hash}/{SOPInstanceUID}', '998d3ed8983acf39/1.2.3'],
  [
    '{InstanceNumber:0000}-{InstanceNumber}-{Rows:00000}{SmallestImagePixelValue:00}.{SOPInstanceUID}',
    '0007-7-00512-1.1.2.3',
  ],
  [
    '{FrameIncrementPointer:lower}/{FrameIncrementPointer}/{SOPInstanceUID}',
    '00181063_000c00ff/00181063_000C00FF/1.2.3',
  ],
  ['{NumberOfStudyRelatedInstances:0000}.{SOPInstanceUID}', '0007.1.2.3'],
  ['{StudyDate:YYYY/MM/DD}/{SOPInstanceUID}', '2024/01/31/1.2.3'],
  ['{StudyDate:YYYY-MM} {StudyTime:HH.mm}/{SOPInstanceUID}', '2024-01 09.30/1.2.3'],
  ['{AcquisitionDateTime:YYYYMMDD_HHmmss.SSS}.{SOPInstanceUID}', '20240131_093001_250.1.2.3'],
  ['{StudyTime:HHmmss}.{SOPInstanceUID}', '_missing_.1.2.3'],
  [
    '{PatientSex}/{PatientAge}/{PatientSex:lower}{PatientBirthDate:YYYY}/{SOPInstanceUID}',
    '_missing_/_missing_/_missing__missing_/1.2.3',
  ],
  ['{InstitutionName}/{SOPInstanceUID}', '__/1.2.3'],
  ['{{{Modality}}}/{SOPInstanceUID}', '{CT}/1.2.3'],
  ['{SOPInstanceUID}/image', '1.2.3/image'],
  ['{StudyInstanceUID}/{StudyInstanceUID}_{SOPInstanceUID:lower}', '1.2.3.4/1_2_3_4_1.2.3'],
  ['{InstanceNumber}.{SOPInstanceUID}_{Modality}.dcm', '7.1.2.3_CT.dcm'],
  ['{SOPInstanceUID:hash}.{SOPInstanceUID}', 'c47f5b18b8a430e6.1.2.3'],
];

const FAULTS: readonly (readonly [pattern: string, message: RegExp | string])[] = [
  ['{PatientID}', '{PatientID} lacks {SOPInstanceUID}, without which two instances get one name'],
  ['{SOPInstanceUID:hash}', /lacks \{SOPInstanceUID\}/],
  ['{SOPInstanceUID}{PatientID}.dcm', /^\{SOPInstanceUID\}\{PatientID\}\.dcm can give two instances one name: between/],
  ['{PatientID}{SOPInstanceUID}', /can give two instances one name/],
  ['{PatientID}1{SOPInstanceUID}', /can give two instances one name/],
  ['{PatientID}_{SOPInstanceUID}_{InstanceNumber}', /can give two instances one name/],
  ['{PatientID}_{SOPInstanceUID}.{SOPInstanceUID}', /can give two instances one name/],
  [`${'x'.repeat(120)}.{PatientID}.{SOPInstanceUID}`, /can give two instances one name/],
  [
    '{PatientId}/{SOPInstanceUID}',
    /^\{PatientId\} is no keyword .* none of now, CallingAET, .* \(did you mean PatientID\?\)$/,
  ],
  ['{constructor}/{SOPInstanceUID}', /^\{constructor\} is no keyword/],
  ['{PixelData}/{SOPInstanceUID}', '{PixelData} is neither text nor a number'],
  ['{ReferencedStudySequence}/{SOPInstanceUID}', '{ReferencedStudySequence} is neither text nor a number'],
  ['{MediaStorageSOPClassUID}/{SOPInstanceUID}', '{MediaStorageSOPClassUID} is no attribute of a data set'],
  ['{PatientID:left}/{SOPInstanceUID}', '{PatientID:left}: upper, lower or hash can follow the colon'],
  ['{PatientID:00}/{SOPInstanceUID}', '{PatientID:00}: upper, lower or hash can follow the colon'],
  ['{CallingAET:constructor}/{SOPInstanceUID}', '{CallingAET:constructor}: upper, lower or hash can follow the colon'],
  ['{InstanceNumber:4}/{SOPInstanceUID}', '{InstanceNumber:4}: zeros, upper, lower or hash can follow the colon'],
  ['{StudyDate:HH}/{SOPInstanceUID}', '{StudyDate:HH}: has no HH'],
  ['{now:week}/{SOPInstanceUID}', '{now:week}: can be made of YYYY MM DD HH mm ss SSS and signs between them'],
  ['{now:}/{SOPInstanceUID}', '{now:}: can be made of YYYY MM DD HH mm ss SSS and signs between them'],
];

describe('an output pattern', () => {
  for (const [pattern, path] of PATHS)
    it(`${pattern} gives ${path}`, async () => assert.equal(await pathOf(pattern), path));

  for (const [pattern, message] of FAULTS)
    it(`${pattern} is refused`, async () => {
      const decode = await textDecoder((fault) => assert.fail(fault));
      const fault = thrown(() => outputNames(outputPattern(pattern), decode));
      assert.ok(fault instanceof CommandLineError, String(fault));
      const text = fault.message.replace(/^--output-pattern: /, '');
      if (typeof message === 'string') assert.equal(text, message);
      else assert.match(text, message);
    });

  it('asks for the attributes that it names, each once', async () => {
    const pattern = '{PatientID}/{StudyDate:YYYY/MM}/{CallingAET}/{0010,0020}.{SOPInstanceUID}';
    const { attributes } = outputNames(outputPattern(pattern), await textDecoder(() => undefined));
    assert.deepEqual(attributes, [0x00100020, 0x00080020]);
  });

  it('has the time when the instance has come, one for the whole path', async () => {
    const before = Date.now();
    const [date = '', time = ''] = (await pathOf('{now:YYYYMMDD}/{now}/{SOPInstanceUID}')).split('/');
    assert.match(time, /^\d{8}-\d{6}$/);
    assert.equal(time.slice(0, 8), date);
    const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(time) ?? [];
    const told = new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
    assert.ok(told.getTime() > before - 1000 && told.getTime() <= Date.now());
  });
});

describe('the name of a person in an output pattern', () => {
  for (const [charset, bytes, name] of [
    ['\\ISO 2022 IR 87', 'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'Yamada^Tarou'],
    ['\\ISO 2022 IR 87', '=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', '山田^太郎'],
    ['ISO 2022 IR 13\\ISO 2022 IR 87', '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^', 'ﾔﾏﾀﾞ^ﾀﾛｳ'],
    ['\\ISO 2022 IR 149', '^=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', '洪^吉洞'],
    ['GB18030', '\xcd\xf5^\xd0\xa1\xb6\xab', '王^小东'],
    ['ISO_IR 126', '\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
    ['ISO_IR 144', '\xbb\xee\xda', 'Люк'],
    ['ISO_IR 100', 'M\xfcller^J\xf6rg', 'Müller^Jörg'],
    ['ISO_IR 192', 'M\xc3\xbcller^J\xc3\xb6rg', 'Müller^Jörg'],
    ['', 'M\xfcller', 'M_ller'],
    ['', '^^^', '_missing_'],
  ] as const)
    it(`is ${name} in ${charset || 'the default repertoire'}`, async () => {
      const instance = instanceOf({ '00080005': ['CS', charset], '00100010': ['PN', bytes] });
      assert.equal(await pathOf('{PatientName}/{SOPInstanceUID}', instance), `${name}/1.2.3`);
    });
});

describe('whatever a peer sends', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 400 }),
    fc.string({ unit: fc.constantFrom('.', '/', '\\', '\0', ' ', 'a', '=', '\x1b', '$', 'B'), maxLength: 40 }),
  );
  const vr = fc.constantFrom<Vr>('LO', 'PN', 'UI', 'DA', 'US', 'UN', 'OB', 'SQ', 'AT', 'FD', 'SV');
  const arbitrary = fc.record({
    charset: fc.constantFrom('ISO_IR 192', '\\ISO 2022 IR 87', 'GB18030', 'ISO_IR 13', 'NONE'),
    values: fc.array(fc.tuple(vr, text), { minLength: 4, maxLength: 4 }),
    callingAeTitle: text,
  });

  for (const pattern of [
    '{PatientID}/{PatientName}/{StudyDate:YYYY/MM}/{CallingAET}.{SOPInstanceUID}.dcm',
    '{PatientID}{PatientName}/x{StudyDate}{StudyID:hash}/{SOPInstanceUID}',
    '{PatientName:upper}/{CallingAET:lower}/{SOPInstanceUID}_{PatientID}',
  ])
    it(`${pattern} leads to a file below the directory, with as many folders as it says`, async () => {
      const names = outputNames(outputPattern(pattern), await textDecoder(() => undefined));
      const length = outputPattern(pattern).parts.length;
      fc.assert(
        fc.property(arbitrary, ({ charset, values, callingAeTitle }) => {
          const tags = ['00100020', '00100010', '00080020', '00200010'];
          const attributes = Object.fromEntries(tags.map((tag, index) => [tag, values[index] ?? ['LO', '']] as const));
          const instance = instanceOf({ '00080005': ['CS', charset], ...attributes }, { callingAeTitle });
          const parts = names.namesOf(instance);
          assert.equal(parts.length, length);
          for (const part of parts) assert.ok(Buffer.byteLength(part) <= MAX_NAME_BYTES && part !== '');
          const root = join(sep, 'srv', 'in');
          assert.deepEqual(relative(root, join(root, ...parts)).split(sep), parts);
          assert.match(parts.at(-1) ?? '', /1\.2\.3/);
        }),
        { numRuns: 500 },
      );
    });
});

describe('two instances with different UIDs', () => {
  const digits = fc.array(fc.constantFrom('1', '2', '12', '21'), { minLength: 1, maxLength: 3 });
  const uid = fc.oneof(
    digits.map((components) => components.join('.')),
    fc.constantFrom('1', '2', `1.${'2'.repeat(126)}`, `1.${'2'.repeat(125)}`),
  );
  const value = fc.oneof(
    fc
      .array(fc.constantFrom('1', '2', '.', '_', ' ', 'x', '-', '\u00a0', '\u0338', '1.2', '._'), { maxLength: 4 })
      .map((all) => all.join('')),
    fc.string({ maxLength: 8 }),
    fc.constantFrom(
      'com',
      'con',
      'y'.repeat(300),
      '.'.repeat(300),
      `${'y'.repeat(220)}~0123456789abcdef`,
      '\u00e4'.repeat(200),
    ),
  );
  const text = fc.constantFrom('.', '_', '-', '_.', '._', '=', ' ', 'com', '1', '.1', '1.', '1_2', 'm', '\u0301', '');
  const piece = fc.oneof(text, fc.constantFrom('{PatientID}', '{PatientName}', '{StudyID}'));
  const side = fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join(''));
  const values = fc.tuple(uid, value, value, value);

  /** Undefined if it is refused, by its form or since two instances might get one name. */
  const namesBy = async (pattern: string) => {
    try {
      return outputNames(outputPattern(pattern), await textDecoder(() => undefined));
    } catch {
      return undefined;
    }
  };
  const arrived = ([sopInstanceUid, ...texts]: readonly [string, string, string, string]) => {
    const [id, name, study] = texts.map((one) => Buffer.from(one).toString('latin1'));
    return instanceOf(
      {
        '00080005': ['CS', 'ISO_IR 192'],
        '00100020': ['LO', id ?? ''],
        '00100010': ['UT', name ?? ''],
        '00200010': ['LO', study ?? ''],
      },
      { sopInstanceUid: parseUid(sopInstanceUid, 128) },
    );
  };

  it('law: no pattern that is taken gives them one name, whatever else they have', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.array(values, { minLength: 40, maxLength: 40 }),
        async (before, after, instances) => {
          const names = await namesBy(`${before}{SOPInstanceUID}${after}`);
          if (names === undefined) return;
          taken++;
          const uidByName = new Map<string, string>();
          for (const one of instances) {
            const [name = ''] = names.namesOf(arrived(one));
            assert.ok(Buffer.byteLength(name) <= MAX_NAME_BYTES);
            assert.equal(uidByName.get(name) ?? one[0], one[0], name);
            uidByName.set(name, one[0]);
          }
        },
      ),
      { numRuns: 1000 },
    );
    assert.ok(taken > 100);
  });

  it('keep the dot between them and a blank', async () => {
    const names = await namesBy('{SOPInstanceUID}.{PatientID}');
    const instance = instanceOf({ '00080005': ['CS', 'ISO_IR 192'], '00100020': ['LO', '\xc2\xa0'] });
    assert.deepEqual(names?.namesOf(instance), ['1.2.3._']);
  });

  it('have different names where a long one is cut, even if one has the name that the other is cut to', async () => {
    const names = await namesBy('{PatientID}.{SOPInstanceUID}.dcm');
    const nameOf = (sopInstanceUid: string, id: string) =>
      names?.namesOf(instanceOf({ '00100020': ['LO', id] }, { sopInstanceUid: parseUid(sopInstanceUid) }))[0] ?? '';
    const cut = nameOf('1.2.3', 'x'.repeat(300));
    assert.match(cut, /^x+~[0-9a-f]{16}\.1\.2\.3\.dcm$/);
    assert.equal(nameOf('3', cut.slice(0, -6)), cut.replaceAll(/\.(?=[12]\.)/g, '_'));
  });
});
