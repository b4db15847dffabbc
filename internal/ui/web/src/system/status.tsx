import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useMay } from '../api/may';
import { myModulesQuery } from '../api/queries';
import { measured } from '../format';
import { Moment } from '../parts/moment';
import { Notice } from '../parts/notice';
import { useNow } from '../parts/now';
import { t } from '../strings';
import type { Check, Server, SystemInfo } from './types';

/** The server in numbers, its checks and its instances. */
export function Status({ system }: { system: SystemInfo }) {
  return (
    <>
      <Numbers system={system} />
      <Checks checks={system.checks} />
      <Instances instances={system.instances} />
    </>
  );
}

function Numbers({ system }: { system: SystemInfo }) {
  const mayModules = useMay('modules.read');
  const { database, modules } = system;
  const count = t('system.modules.on', { count: modules.enabled });
  return (
    <dl className="tiles stretch">
      <Tile name={t('system.version')} value={system.version}>
        {t('system.runs', { go: system.go_version, host: system.host })}
      </Tile>
      <Tile name={t('system.uptime')} value={<Uptime since={system.started_at} />}>
        {t('system.started')} <Moment at={system.started_at} />
      </Tile>
      <Tile name={t('system.database')} value={databaseName(database.kind)}>
        {database.size_bytes !== undefined &&
          t('system.size', { size: measured(database.size_bytes, 'bytes') })}
      </Tile>
      <Tile name={t('modules')} value={mayModules ? <Link to="/modules">{count}</Link> : count}>
        {modules.failed > 0 ? (
          <span className="badge bad">{t('system.modules.failed', { count: modules.failed })}</span>
        ) : (
          t('system.modules.well')
        )}
      </Tile>
    </dl>
  );
}

function Tile({ name, value, children }: { name: string; value: ReactNode; children: ReactNode }) {
  return (
    <div className="card">
      <dt>{name}</dt>
      <dd className="tile-value">{value}</dd>
      <dd className="dim small">{children}</dd>
    </div>
  );
}

function Uptime({ since }: { since: string }) {
  const seconds = (useNow(1_000) - Date.parse(since)) / 1000;
  return measured(Math.max(0, Math.floor(seconds)), 'seconds');
}

const databases: Record<string, string> = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

function databaseName(kind: string): string {
  return databases[kind] ?? kind;
}

function Checks({ checks }: { checks: Check[] }) {
  const failing = checks.filter((check) => check.status !== 'ok').length;
  return (
    <section className="stack" aria-labelledby="checks">
      <div className="row">
        <h2 id="checks">{t('system.checks')}</h2>
        <span className={`badge ${failing > 0 ? 'bad' : 'good'}`} role="status">
          {failing > 0 ? t('system.failing', { count: failing }) : t('system.well')}
        </span>
      </div>
      <ul className="card flush rows">
        {checks.map((check) => (
          <li key={check.name}>
            <div>
              <p>
                <CheckName name={check.name} />
              </p>
              {check.detail && <p className="small dim">{check.detail}</p>}
            </div>
            <span className={`badge ${check.status === 'ok' ? 'good' : 'bad'}`}>
              {check.status === 'ok' ? t('health.ok') : t('health.failing')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Checks are named by what they look at: the database, writes to it, or a module by its id. */
function CheckName({ name }: { name: string }) {
  const modules = useQuery(myModulesQuery).data ?? [];
  const mayModules = useMay('modules.read');
  if (name === 'database') return t('system.database');
  if (name === 'writes') return t('system.writes');
  if (!name.startsWith('module ')) return name;
  const id = name.slice('module '.length);
  const title = modules.find((module) => module.id === id)?.title ?? id;
  if (!mayModules) return title;
  return (
    <Link to="/modules/$id" params={{ id }}>
      {title}
    </Link>
  );
}

function Instances({ instances }: { instances: Server[] }) {
  const versions = new Set(instances.filter((one) => one.live).map((one) => one.version));
  return (
    <section className="stack" aria-labelledby="instances">
      <h2 id="instances">{t('instances')}</h2>
      {versions.size > 1 && (
        <Notice kind="warn" title={t('system.versions.title')}>
          <p>{t('system.versions')}</p>
        </Notice>
      )}
      <ul className="card flush rows">
        {instances.map((one) => (
          <li key={one.id}>
            <div>
              <p className="row">
                <b>{one.host || one.id}</b>
                {one.current && <span className="badge plain accent">{t('instances.this')}</span>}
              </p>
              <p className="dim small">
                {t('modules.version', { version: one.version })} · {t('system.started')}{' '}
                <Moment at={one.since} /> · {t('system.seen')} <Moment at={one.last_seen} />
              </p>
              <p className="dim small mono">{one.id}</p>
            </div>
            <span className={`badge ${one.live ? 'good' : ''}`}>
              {one.live ? t('system.live') : t('instances.gone')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
