import { describe, expect, it } from '@jest/globals';
import { mailIdentity } from '../mails/mail-key.js';
import { headerText, mailboxOf, subjectText } from './mailbox.js';

describe('a mailbox', () => {
  it.each([
    ['a@x.example', { name: null, address: 'a@x.example' }],
    ['Ada <ada@münchen.example>', { name: 'Ada', address: 'ada@münchen.example' }],
    [' Ada Berg <ada@x.example> ', { name: 'Ada Berg', address: 'ada@x.example' }],
    ['"Ada" <ada@x.example>', { name: 'Ada', address: 'ada@x.example' }],
    ['Ada\r\nBcc: eve@x.example <ada@x.example>', { name: 'Ada Bcc: eve@x.example', address: 'ada@x.example' }],
    ['Ada', null],
    ['Ada <ada>', null],
    ['<a@x.example> <b@x.example>', null],
    ['a@x.example\r\nBcc: b@x.example', null],
    ['a@x.example, b@x.example', null],
    ['', null],
  ])('%j', (text, mailbox) => {
    expect(mailboxOf(text)).toEqual(mailbox);
  });
});

describe('text of a header', () => {
  it('is one line', () => {
    expect(headerText('Ada\r\nBcc: <eve@x.example>\u0000"\\')).toBe('Ada Bcc: eve@x.example');
    expect([...subjectText('😀'.repeat(1_000))]).toHaveLength(250);
    expect(subjectText(' "A" <b>\r\n\tc\u2029d ')).toBe('"A" <b> c d');
  });
});

describe('the identity of a mail', () => {
  it('follows from its key', () => {
    const one = mailIdentity('key', 'mail@x.example');
    expect(one).toEqual(mailIdentity('key', 'mail@x.example'));
    expect(one.mailId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(one.messageId).toBe(`<${one.mailId}@x.example>`);
    expect(mailIdentity('key', 'mail@münchen.example').messageId).toBe(`<${one.mailId}@xn--mnchen-3ya.example>`);
    expect(mailIdentity('key 2', 'mail@x.example').mailId).not.toBe(one.mailId);
  });
});
