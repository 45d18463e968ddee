/** Whom an association is counted for, where the loopback device has too few addresses to tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Admission } from '../../../src/net/admission.js';
import { ECHO_CONTEXT, rqOf } from '../../support/loopback-peer.js';

const REQUEST = rqOf([ECHO_CONTEXT]);

for (const [one, other, isRefused] of [
  ['10.1.2.3:104', '10.1.2.3:105', true],
  ['10.1.2.3:104', '10.1.2.4:104', false],
  ['[2001:db8::1]:104', '[2001:db8::2:3:4:5]:104', true],
  ['[2001:db8::1]:104', '[2001:db8:0:1::1]:104', false],
  ['[fe80::1%eth0]:104', '[fe80::1%eth0]:105', true],
  ['[fe80::1%eth0]:104', '[fe80::2%eth0]:104', false],
] as const)
  test(`with one association a host, ${other} is ${isRefused ? 'refused' : 'let in'} while ${one} has one`, () => {
    const admission = new Admission({ aeTitle: 'CALLED', maxAssociationsPerHost: 1 });
    const places = [admission.originOf(one)];
    const refusal = admission.refusal(REQUEST, admission.originOf(other), places);
    assert.equal(refusal?.why, isRefused ? 'limit of 1 associations of one host reached' : undefined);
  });
