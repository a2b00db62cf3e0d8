import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CloudError } from '../../core/errors.ts';
import { type CosDraft, checkConflict } from './conflicts.ts';
import { aTrigger, BUCKET } from './fixture.ts';
import { eventsOverlap, type Rule, ruleEvents, rulesOverlap } from './rules.ts';

const CREATED = 'cos:ObjectCreated:*';
const PUT = 'cos:ObjectCreated:Put';

const at = (rule: Partial<Rule>, change: Partial<CosDraft> = {}) =>
  aTrigger({ desc: { event: CREATED, prefix: '', suffix: '', ...rule }, ...change });

/** The code, and the store's own in its sentence; '' where both may be. */
function answer(draft: CosDraft, others: readonly CosDraft[], settings = {}): string {
  const beside = others.map((other, index) => ({ ...aTrigger(), ...other, id: `t-${index + 10}` }));
  try {
    checkConflict(draft, beside, settings);
    return '';
  } catch (error) {
    assert.ok(error instanceof CloudError, String(error));
    for (const language of ['zh', 'en'] as const) assert.doesNotMatch(error.text(language), /\{\w+\}/);
    const [cause] = /NotifyRule\w+/.exec(error.text('en')) ?? [''];
    assert.equal(/NotifyRule\w+/.exec(error.text('zh'))?.[0] ?? '', cause);
    return `${error.code} ${cause}`.trim();
  }
}

const other = { name: 'other' };
const answers = (a: Partial<Rule>, b: Partial<Rule>) => answer(at(a), [at(b, other)]);

describe('two functions', () => {
  it('cannot have rules about the same', () => {
    for (const [a, b, cause] of [
      [{}, {}, 'Event'],
      [{ event: PUT }, {}, 'Event'],
      [{}, { event: PUT }, 'Event'],
      [{ prefix: 'Log' }, { prefix: 'Log' }, 'Prefix'],
      [{ prefix: 'Lo' }, { prefix: 'Log' }, 'Prefix'],
      [{ prefix: 'Log' }, {}, 'Prefix'],
      [{ suffix: '.gz' }, { suffix: '.tar.gz' }, 'Suffix'],
      [{}, { suffix: '.gz' }, 'Suffix'],
      [{ prefix: 'a', suffix: '.b' }, { prefix: 'a', suffix: '.b' }, 'Prefix'],
      [{ prefix: '/a' }, { prefix: 'a/b' }, 'Prefix'],
    ] as const)
      assert.equal(answers(a, b), `ResourceInUse.Cos NotifyRule${cause}Conflict`, JSON.stringify([a, b]));
  });

  it('can have rules that differ in one part', () => {
    for (const [a, b] of [
      [{}, { event: 'cos:ObjectRemove:*' }],
      [{ event: PUT }, { event: 'cos:ObjectCreated:Post' }],
      [{ prefix: 'a' }, { prefix: 'b' }],
      [{ suffix: '.a' }, { suffix: '.b' }],
      [
        { prefix: 'a', suffix: '.x' },
        { prefix: 'a', suffix: '.y' },
      ],
      [
        { prefix: 'a', suffix: '.x' },
        { prefix: 'b', suffix: '.x' },
      ],
    ] as const)
      assert.equal(answers(a, b), '', JSON.stringify([a, b]));
  });

  it('share events of different buckets', () => {
    assert.equal(answer(at({}), [at({}, { ...other, triggerName: 'b-1.cos.ap-chengdu.myqcloud.com' })]), '');
  });

  it('share none of one bucket by its other names', () => {
    const renamed = { ...other, triggerName: `${BUCKET}.cos.ap-chengdu.tencentcos.cn` };
    assert.match(answer(at({}), [at({}, renamed)]), /ResourceInUse\.Cos/);
  });

  it('are functions of any namespace, and any qualifier', () => {
    assert.match(answer(at({}), [at({}, { namespace: 'test' })]), /ResourceInUse\.Cos/);
    assert.match(answer(at({}), [at({}, { qualifier: '$DEFAULT' })]), /ResourceInUse\.Cos/);
  });
});

describe('one function', () => {
  it('has a rule once', () => {
    assert.equal(answer(at({ prefix: 'a' }), [at({ prefix: '/a' })]), 'ResourceInUse.Trigger');
    assert.equal(answer(at({}, { enabled: false }), [at({}, { enabled: false })]), 'ResourceInUse.Trigger');
  });

  it('has no two that overlap either', () => {
    assert.match(answer(at({}), [at({ event: PUT })]), /ResourceInUse\.Cos/);
  });
});

describe('a trigger that is switched off', () => {
  it('is in nobody’s way, and takes its place again only where it is free', () => {
    assert.equal(answer(at({}), [at({}, { ...other, enabled: false })]), '');
    assert.equal(answer(at({}, { enabled: false }), [at({}, other)]), '');
    assert.match(answer(at({}, { enabled: true }), [at({}, other)]), /ResourceInUse\.Cos/);
  });
});

describe('an event that goes to another product', () => {
  const foreignRules = (bucket: string) => (bucket === BUCKET ? [{ product: 'MPS', event: PUT }] : []);

  it('cannot go to a function as well', () => {
    const cause = 'ResourceInUse.Cos NotifyRuleEventConflict';
    assert.equal(answer(at({ event: PUT, prefix: 'a' }), [], { foreignRules }), cause);
    assert.equal(answer(at({}), [], { foreignRules }), cause);
    assert.equal(answer(at({ event: 'cos:ObjectCreated:Post' }), [], { foreignRules }), '');
    assert.equal(answer(at({}, { enabled: false }), [], { foreignRules }), '');
  });
});

describe('any two rules', () => {
  const rules = fc.record({
    event: fc.constantFrom(...ruleEvents(true)),
    prefix: fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 }),
    suffix: fc.string({ unit: fc.constantFrom('.', 'a'), maxLength: 3 }),
  });
  const means = (rule: Rule, event: string, key: string) =>
    (rule.event === event || (rule.event.endsWith('*') && event.startsWith(rule.event.slice(0, -1)))) &&
    key.startsWith(rule.prefix) &&
    key.endsWith(rule.suffix);

  it('overlap where there can be an object that both mean, and only there', () => {
    fc.assert(
      fc.property(rules, rules, (a, b) => {
        // The longer parts of both, far enough from each other that they do not touch.
        const longer = (x: string, y: string) => (x.length > y.length ? x : y);
        const key = `${longer(a.prefix, b.prefix)}-${longer(a.suffix, b.suffix)}`;
        const both = ruleEvents(true).some(event => means(a, event, key) && means(b, event, key));
        assert.equal(rulesOverlap(a, b), both);
        assert.equal(rulesOverlap(b, a), both);
      }),
    );
  });

  it('of one event overlap in it', () => {
    for (const event of ruleEvents(true)) assert.equal(eventsOverlap(event, event), true);
    assert.equal(eventsOverlap('cos:ObjectRemove:*', CREATED), false);
  });
});
