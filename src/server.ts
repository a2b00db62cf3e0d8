// The composer: builds the drivers that the settings ask for, wires the rooms, starts and stops them. It does nothing else.

import { clockRoutes } from './api/openscf/clock.ts';
import { downloads } from './api/openscf/download.ts';
import { s3EventRoutes } from './api/openscf/s3events.ts';
import { viewRoutes } from './api/openscf/views.ts';
import type { ScfDeps } from './api/scf/deps.ts';
import { apiSite } from './api/server.ts';
import { memoryBus } from './bus/memory.ts';
import { version } from './cli/version.ts';
import type { Config, Origins } from './config.ts';
import { FUNCTION_CHANGED } from './control/catalog.ts';
import { openCertificates } from './control/certificates.ts';
import { createControl } from './control/create.ts';
import { keptResource } from './control/tagged.ts';
import { TagTable } from './control/tags.ts';
import { type Clock, SystemClock, TurnableClock } from './core/clock.ts';
import type { FunctionKey } from './core/function.ts';
import { SystemIds } from './core/ids.ts';
import { createInvoker } from './core/invoker.ts';
import { LOG_TAIL_BYTES } from './core/limits.ts';
import type { Log } from './core/log.ts';
import { originOf } from './http/origin.ts';
import { openTls } from './http/tls.ts';
import { templateZip } from './importers/templates.ts';
import { createLog } from './observe/log.ts';
import { createMetrics } from './observe/metrics.ts';
import { logTail, renderLog } from './observe/report.ts';
import { cloudNames, cloudNamesWords } from './runtime/names.ts';
import { createRuntime } from './runtime/runtime.ts';
import { certificateFor } from './server/certificates.ts';
import { Closers } from './server/closers.ts';
import { openData } from './server/data.ts';
import { eventViews } from './server/events.ts';
import { deployExamples } from './server/examples.ts';
import { openFronts } from './server/fronts.ts';
import { languagesOf, prefetch } from './server/languages.ts';
import { localCall } from './server/local.ts';
import { notesOf } from './server/notes.ts';
import { openProducts } from './server/products.ts';
import { quotasOf } from './server/quotas.ts';
import { openRecords } from './server/records.ts';
import { askingControl, counted, runtimeSettings } from './server/runtime.ts';
import { bindServices } from './server/services.ts';
import { type Faults, openStores } from './server/stores.ts';
import { sweep } from './server/sweep.ts';
import { unbuiltSite } from './server/unbuilt.ts';
import { exampleOf, printedUrls } from './server/urls.ts';
import { parseCron } from './triggers/timer/cron.ts';

export interface RunningServer {
  readonly endpoint: string;
  /** Of the object store. */
  readonly cosEndpoint: string;
  readonly credentials: { readonly secretId: string; readonly secretKey: string };
  readonly token: string;
  readonly dataDir: string;
  readonly driver: string;
  /** What a user should know, in the language of the settings. */
  readonly notes: readonly string[];
  readonly urls: readonly { readonly name: string; readonly url: string }[];
  /** A function that any event can be tried on. */
  readonly example: string | undefined;
  close(): Promise<void>;
}

/** Starts all or nothing: what a failed start has opened is closed again. */
export async function startServer(options: {
  config: Config;
  origins?: Origins;
  faults?: Faults;
  /** What the limits of functions are measured by: they hold for processes, which no clock of a development server stops. */
  processClock?: Clock;
}): Promise<RunningServer> {
  const { config, faults = {}, processClock = new SystemClock() } = options;
  const log = createLog({ level: config.logLevel });
  const opened = new Closers();
  const close = () => opened.close(log);
  try {
    return { ...(await compose(config, faults, processClock, log, opened)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function compose(
  config: Config,
  faults: Faults,
  processClock: Clock,
  log: Log,
  opened: Closers,
): Promise<Omit<RunningServer, 'close'>> {
  const { host, region, baseDomain, compat, quota } = config;
  const ids = new SystemIds();
  const wallClock = new SystemClock();
  const clock = config.dev ? new TurnableClock() : wallClock;
  const startedAt = wallClock.now();
  const account = Object.freeze({ appId: config.appId, uin: config.uin });

  const data = await openData(config.data, { secretId: config.secretId, secretKey: config.secretKey }, ids);
  const stores = await openStores({ dataDir: data.path, clock, wallClock, ids, log, faults }, opened);
  const { store, blob, events } = stores;
  const bus = memoryBus(log);
  const { timeline, history } = await openRecords({ config, dataDir: data.path, clock, wallClock, log }, opened);
  const metrics = createMetrics();

  const languages = languagesOf({ config, dataDir: data.path, clock: wallClock, ids, log }, opened);
  const certificates = await openCertificates({ store, clock: wallClock, ids });
  const tags = await TagTable.open(store);
  const tls = await openTls({
    ...{ dataDir: data.path, clock: wallClock, ids, baseDomain, addresses: [host] },
    serves: name => products.serves(name),
    certificateFor: certificateFor(certificates, name => products.certificateOf(name)),
  });
  // Ports may be taken from the system (0): addresses are asked for when they are shown.
  const ports = { api: 0, cos: 0, http: 0, tls: 0 };
  const origin = (port: number) => originOf(host, port);
  const runtime = await createRuntime({
    ...runtimeSettings(config),
    languages,
    blob,
    dataDir: data.path,
    clock,
    processClock,
    ids,
    log,
    account,
    ...askingControl(() => control, quota.burst),
    caFile: tls.caPath,
    ports: () => Object.values(ports).map(port => ({ port, targetPort: port })),
    names: () => cloudNames({ cloudNames: config.cloudNames, host, ports, caPem: tls.caPem }),
  });
  opened.defer(() => runtime.close());
  metrics.gauge('openscf_instances', 'Living function instances', () => runtime.stats().instances.length);
  metrics.gauge('openscf_prepared_sandboxes', 'Sandboxes that wait for a function', () => runtime.stats().prepared);
  metrics.gauge('openscf_events_pending', 'Asynchronous events that wait or run', () => events.queue.pending());
  metrics.gauge('openscf_waiting', 'Events that wait for an instance', () => runtime.stats().waiting);

  const later = () => ({ control, submit: invoker });
  const products = await openProducts(
    { config, stores, clock, wallClock, ids, log, account, certificates, ports, later },
    opened,
  );
  const control = await createControl({
    store,
    blob,
    bus,
    clock,
    ids,
    log,
    account,
    keys: [data.credentials],
    quotas: quotasOf(quota),
    runtimes: { ...runtime, defaultRuntime: 'Python2.7' },
    kinds: products.kinds,
    host: kind => ({ clock, ids, account, submit: invoker, source: products.sourceOf(kind) }),
    history,
    cron: text => parseCron(text, compat.timerUtcOffset),
    instances: { provisionedOf: runtime.readiness, renew: runtime.renew },
    tags,
    certificates,
    executions: events.executions,
    terminate: (requestId, graceful) => invoker.terminate(requestId, graceful),
    printed: runtime.printed,
  });
  const changes = bus.subscribe(FUNCTION_CHANGED, text => {
    const key = JSON.parse(text) as FunctionKey;
    runtime.changed(key, control.catalog.find(key));
  });
  opened.defer(() => changes[Symbol.dispose]());
  const invoker = createInvoker({
    catalog: control.catalog,
    runner: runtime,
    events,
    account,
    ...(faults.step && { step: faults.step }),
    timeline: counted(timeline, metrics),
    clock,
    ids,
    log,
  });
  opened.defer(() => invoker.close(wallClock, config.grace * 1000));
  opened.defer(() => control.close());

  await sweep({ store, catalog: control.catalog, products, runtime, log });

  const code = downloads({
    functions: control.functions,
    layers: control.layers,
    clock: wallClock,
    secret: data.token,
    origin: () => origin(ports.api),
  });
  const scf: ScfDeps = {
    control,
    submit: invoker,
    clock,
    ids,
    templates: templateZip,
    objects: products.cos,
    entryFile: runtime.entryFile,
    renderLog,
    tail: row => logTail(renderLog(row), LOG_TAIL_BYTES),
    codeUrl: code.url,
    layerUrl: code.layerUrl,
    runtimeNote: languages.note,
  };
  const services = bindServices({
    scf,
    ...products.management(control, tags),
    ssl: { certificates, tags, account, wallClock },
    sts: { control, wallClock },
    cam: { control },
    tag: { tags, account, kept: resource => keptResource(control.catalog, resource) },
  });
  const driver = runtime.driver.name;
  const missed = (service: string, action: string) => void control.missed.record(service, action);
  const api = apiSite({
    services,
    keys: control.accounts,
    wallClock,
    ids,
    log,
    region,
    version: version(),
    token: data.token,
    status: () => ({
      version: version(),
      pid: process.pid,
      startedAt,
      dev: config.dev,
      driver,
      region,
      appId: account.appId,
      ports: { portApi: ports.api, portCos: ports.cos, portHttp: ports.http, portTls: ports.tls },
      dataDir: data.path,
      caPath: tls.caPath,
    }),
    routes: [
      ...clockRoutes(clock),
      ...s3EventRoutes({ token: config.s3.token, inbox: products.s3 }),
      ...eventViews({ store: events, records: history, invoker, runner: runtime, control, clock, ids, region }),
      ...viewRoutes({
        control,
        kinds: Object.values(products.kinds),
        version: version(),
        driver: runtime.driver,
        load: runtime.stats,
        languages: runtime.languages,
        objects: products.cos.scrubbed,
        otherStores: products.s3.counts,
        cloudNames: cloudNamesWords(config.cloudNames),
      }),
    ],
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    missed,
  });
  const unbuilt = unbuiltSite({ ids, missed });

  const shared = [...products.sites, code.site, api, unbuilt];
  const { cos, edge } = products;
  await openFronts(ports, { shared, api, cos: cos.site, edge, tls: tls.options }, { config, ids, log }, opened);
  // Before the ports close, and while functions can still be called.
  opened.defer(() => products.sayGoodbye());

  prefetch(languages, control.catalog, bus, opened);
  await control.start();
  await products.open();
  invoker.start();
  for (const { entry } of control.catalog.all()) runtime.changed(entry.key, entry);
  const call = localCall(services, { region, ids });
  const works = (plan: { readonly runtime: string }) => runtime.supports(plan.runtime) === 'yes';
  const examplesLeft = config.examples ? await deployExamples({ store, call, log, works }) : [];
  const endpoint = origin(ports.api);
  await data.announce({ pid: process.pid, endpoint, version: version() });
  opened.defer(() => data.withdraw());
  return {
    endpoint,
    cosEndpoint: origin(ports.cos),
    credentials: data.credentials,
    token: data.token,
    dataDir: data.path,
    driver,
    notes: notesOf({ lang: config.lang, driver: runtime.driver, examplesLeft }),
    urls: await printedUrls(control),
    example: await exampleOf(control, region),
  };
}
