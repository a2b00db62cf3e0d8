// Rules: a path of one or more domains of a listener.

import { fail } from '../../../core/errors.ts';
import { shortId } from '../../../core/ids.ts';
import type { DomainChange, ListenerRef, RuleChange, RuleDraft, RuleRef, Rules } from '../contract.ts';
import { failClb } from '../errors.ts';
import { HEALTH_DEFAULTS, type Listener, type LoadBalancer, RULES_PER_LISTENER, type Rule } from '../model.ts';
import type { Edit } from '../objects.ts';
import { normalDomain, normalUrl, parseDomain, parseUrl } from '../routing/names.ts';
import { checkCookieName, checkDomainCertificate, checkHealth, checkSession } from './checks.ts';
import type { Scope } from './scope.ts';

/** What all rules of a domain say alike. */
type DomainPart = Pick<Rule, 'certificate' | 'http2' | 'defaultServer'>;

const DOMAINS_PER_RULE = 20;

export function createRules(scope: Scope): Rules {
  const { objects, clock, ids, certificates, change } = scope;

  function draw(listener: Listener, balancer: LoadBalancer, there: readonly Rule[], draft: RuleDraft): Rule {
    const id = `loc-${shortId(ids)}`;
    const domains = domainsOf(draft.domains, balancer);
    const url = normalUrl(draft.url);
    parseUrl(url);
    for (const domain of domains) refuseTwin(there, domain, url);
    const { scheduler = 'WRR', sessionExpireS = 0, cookieName = '', gzip = true } = draft;
    const known = there.find(rule => rule.domains.some(domain => domains.includes(domain)));
    const first = !there.some(rule => rule.defaultServer);
    const rule: Rule = {
      id,
      region: listener.region,
      loadBalancerId: listener.loadBalancerId,
      listenerId: listener.id,
      domain: domains[0] ?? '',
      domains,
      url,
      defaultServer: draft.defaultServer === true || first || known?.defaultServer === true,
      certificate: draft.certificate ?? known?.certificate,
      http2: draft.http2 ?? known?.http2 ?? false,
      gzip,
      scheduler,
      sessionExpireS,
      cookieName,
      health: { ...HEALTH_DEFAULTS, ...draft.health },
      target: { kind: 'none' },
      createdAt: clock.now(),
    };
    checkRule(rule);
    checkDomainPart(listener, rule);
    return rule;
  }

  /** All rules of its domains say what it says; a new default takes the place of the old one. */
  function spread(edit: Edit, rules: readonly Rule[], lead: Rule): Rule[] {
    const part: DomainPart = { certificate: lead.certificate, http2: lead.http2, defaultServer: lead.defaultServer };
    return rules.map(rule => {
      const same = rule.id === lead.id || rule.domains.some(domain => lead.domains.includes(domain));
      const next = same ? { ...rule, ...part } : lead.defaultServer ? { ...rule, defaultServer: false } : rule;
      if (next.id === lead.id || differs(rule, next)) edit.put('clb/rule', next);
      return next;
    });
  }

  function checkDomainPart(listener: Listener, { domain, certificate, http2 }: Rule): void {
    const refuse = (why: { readonly zh: string; readonly en: string }) =>
      failClb('InvalidParameter.ProtocolCheckFailed', { listenerId: listener.id, protocol: listener.protocol, ...why });
    if (listener.protocol === 'HTTP') {
      if (certificate) refuse({ zh: '该协议不使用证书', en: 'it takes no certificate' });
      if (http2) refuse({ zh: '只有 HTTPS 域名支持 HTTP/2', en: 'HTTP/2 is for domains of HTTPS' });
    } else if (listener.sni) {
      if (!certificate) fail('MissingParameter', { name: `Certificate (${domain})` });
      else checkDomainCertificate(certificates, certificate);
    } else if (certificate) {
      refuse({ zh: '未开启 SNI，证书属于监听器', en: 'without SNI the certificate belongs to the listener' });
    }
  }

  const find = (ref: RuleRef): Rule | undefined => {
    const rules = objects.rulesOf(objects.needListener(ref));
    if (ref.locationId !== undefined) return rules.find(rule => rule.id === ref.locationId);
    if (ref.domain === undefined || ref.url === undefined) return fail('MissingParameter', { name: 'LocationId' });
    const domain = normalDomain(ref.domain);
    const url = normalUrl(ref.url);
    return rules.find(rule => rule.url === url && rule.domains.includes(domain));
  };

  const need = (ref: RuleRef): Rule => {
    const name = ref.locationId ?? `${ref.domain}${ref.url}`;
    return find(ref) ?? failClb('InvalidParameter.LocationNotFound', { listenerId: ref.listenerId, rule: name });
  };

  return Object.freeze<Rules>({
    find,
    need,
    byId: (region, locationId) => objects.find('clb/rule', region, locationId),
    anywhere: locationId => objects.list('clb/rule', rule => rule.id === locationId)[0],
    list: ref => objects.rulesOf(objects.needListener(ref)),
    create: (ref, drafts) =>
      change(edit => {
        const listener = httpListener(objects.needListener(ref));
        const balancer = objects.needBalancer(ref);
        let there = objects.rulesOf(listener);
        if (drafts.length === 0) fail('MissingParameter', { name: 'Rules' });
        if (there.length + drafts.length > RULES_PER_LISTENER) {
          const limit = RULES_PER_LISTENER;
          failClb('LimitExceeded', {
            zh: `一个监听器最多 ${limit} 条规则`,
            en: `a listener has at most ${limit} rules`,
          });
        }
        const made: string[] = [];
        for (const draft of drafts) {
          const rule = draw(listener, balancer, there, draft);
          made.push(rule.id);
          there = spread(edit, [...there, rule], rule);
        }
        return there.filter(rule => made.includes(rule.id));
      }),
    modify: (ref, draft) =>
      change(edit => {
        const before = need(ref);
        const others = objects.rulesOf(objects.needListener(ref)).filter(rule => rule.id !== before.id);
        edit.put('clb/rule', changed(before, others, draft));
      }),
    modifyDomain: (ref, name, draft) => change(edit => modifyDomain(edit, ref, normalDomain(name), draft)),
    remove: (ref, locationIds, newDefaultDomain) =>
      change(edit => {
        const going = new Set(locationIds.map(locationId => need({ ...ref, locationId }).id));
        const rules = objects.rulesOf(objects.needListener(ref));
        const left = rules.filter(rule => !going.has(rule.id));
        for (const rule of rules) if (going.has(rule.id)) edit.remove('clb/rule', rule);
        if (left.some(rule => rule.defaultServer) && newDefaultDomain === undefined) return;
        const next = newDefaultDomain === undefined ? left[0] : leading(ref, left, newDefaultDomain);
        if (next) spread(edit, left, { ...next, defaultServer: true });
      }),
  });

  function changed(before: Rule, others: readonly Rule[], draft: RuleChange): Rule {
    const url = draft.url === undefined ? before.url : normalUrl(draft.url);
    parseUrl(url);
    for (const domain of before.domains) refuseTwin(others, domain, url);
    const { gzip, scheduler, sessionExpireS, cookieName } = { ...before, ...draft };
    const health = { ...before.health, ...draft.health };
    const rule: Rule = { ...before, url, gzip, scheduler, sessionExpireS, cookieName, health };
    checkRule(rule);
    return rule;
  }

  function leading(ref: ListenerRef, rules: readonly Rule[], name: string): Rule {
    const found = rules.find(rule => rule.domains.includes(normalDomain(name)));
    return found ?? failClb('InvalidParameter.LocationNotFound', { listenerId: ref.listenerId, rule: name });
  }

  function modifyDomain(edit: Edit, ref: ListenerRef, name: string, draft: DomainChange): void {
    const listener = httpListener(objects.needListener(ref));
    const before = objects.rulesOf(listener);
    const lead = leading(ref, before, name);
    const domains = draft.newDomains && domainsOf(draft.newDomains, objects.needBalancer(ref));
    let rules = before;
    if (domains) {
      const others = before.filter(rule => !rule.domains.includes(name));
      rules = before.map(rule => {
        if (!rule.domains.includes(name)) return rule;
        for (const domain of domains) refuseTwin(others, domain, rule.url);
        return { ...rule, domain: domains[0] ?? '', domains };
      });
    }
    let next: Rule = rules.find(rule => rule.id === lead.id) ?? lead;
    const { certificate = lead.certificate, http2 = lead.http2, defaultServer = lead.defaultServer } = draft;
    next = { ...next, certificate, http2, defaultServer };
    checkDomainPart(listener, next);
    rules = spread(edit, rules, next);
    for (const rule of rules) if (rule.domains.includes(next.domain)) edit.put('clb/rule', rule);
    if (draft.newDefaultDomain === undefined) return;
    const heir = leading(ref, rules, draft.newDefaultDomain);
    spread(edit, rules, { ...heir, defaultServer: true });
  }
}

function differs(a: Rule, b: Rule): boolean {
  return a.certificate !== b.certificate || a.http2 !== b.http2 || a.defaultServer !== b.defaultServer;
}

function checkRule(rule: Rule): void {
  checkSession(rule.sessionExpireS, rule.scheduler);
  checkCookieName(rule.cookieName);
  checkHealth(rule.health);
}

/** Without a domain a rule stands for the balancer's own address, as documented. */
function domainsOf(given: readonly string[], { vip }: LoadBalancer): readonly string[] {
  const domains = [...new Set(given.filter(text => text !== '').map(normalDomain))];
  if (domains.length === 0) return [vip];
  if (domains.length > DOMAINS_PER_RULE) {
    return failClb('InvalidParameterValue.Length', { name: 'Domains', min: 1, max: DOMAINS_PER_RULE });
  }
  for (const domain of domains) parseDomain(domain);
  return domains;
}

function refuseTwin(others: readonly Rule[], domain: string, url: string): void {
  const twin = others.find(rule => rule.url === url && rule.domains.includes(domain));
  if (!twin) return;
  failClb('InvalidParameterValue.Duplicate', { name: 'Url', value: `${domain}${url}`, owner: twin.id });
}

/** The others have no rules. */
export function httpListener(listener: Listener): Listener {
  const { id, protocol } = listener;
  if (protocol === 'HTTP' || protocol === 'HTTPS') return listener;
  const why = { zh: '只有 HTTP 与 HTTPS 监听器有转发规则', en: 'rules are for listeners of HTTP and HTTPS' };
  return failClb('InvalidParameter.ProtocolCheckFailed', { listenerId: id, protocol, ...why });
}
