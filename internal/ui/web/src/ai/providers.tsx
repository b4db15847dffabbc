import { share } from '../flags/share';
import { Moment } from '../parts/moment';
import { t } from '../strings';
import { measured, number } from '../format';
import type { Provider, Router } from './types';

const looks: Record<string, string> = { up: 'good', degraded: 'warn', open: 'bad' };

/** How the providers do. */
export function ProviderList({ providers }: { providers: Provider[] }) {
  return (
    <section className="stack close" aria-labelledby="providers">
      <h2 id="providers">{t('ai.providers')}</h2>
      <p className="dim small">{t('ai.providers.about')}</p>
      <ul className="card flush rows stretch">
        {providers.map((provider) => (
          <Row key={provider.name} provider={provider} />
        ))}
      </ul>
    </section>
  );
}

function Row({ provider }: { provider: Provider }) {
  const { name, state, requests, failures, last_error: failure } = provider;
  // Where there is one only, it has no name.
  const keys = provider.keys.filter((key) => key.name !== '');
  return (
    <li data-provider={name}>
      <div>
        <p className="row">
          <b>{name}</b>
          <span className={`badge ${looks[state] ?? ''}`}>{t(`ai.provider.${state}`)}</span>
        </p>
        {requests > 0 && (
          <p className="dim small num">
            {t('ai.provider.requests', { count: requests })}
            {failures > 0 && ` · ${t('ai.provider.failures', { count: failures })}`}
            {provider.p95_ms > 0 &&
              ` · ${t('ai.provider.took', { half: span(provider.p50_ms), most: span(provider.p95_ms) })}`}
          </p>
        )}
        {failure && (
          <p className="small">
            {t('ai.provider.error')} <code>{failure.kind}</code> <Moment at={failure.at} />
          </p>
        )}
      </div>
      {keys.length > 0 && (
        <ul className="tags" aria-label={t('ai.provider.keys')}>
          {keys.map((key) => (
            <li key={key.name} className={`badge ${looks[key.state] ?? ''}`} title={key.state}>
              {key.name}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

/** What shifts traffic by feedback, with how each of its choices is rated. */
export function RouterList({ routers }: { routers: Router[] }) {
  return (
    <section className="stack close" aria-labelledby="routers">
      <h2 id="routers">{t('ai.routers')}</h2>
      <p className="dim small">{t('ai.routers.about')}</p>
      <ul className="card flush rows stretch">
        {routers.map((router) => (
          <li key={router.name} data-router={router.name}>
            <b>{router.name}</b>
            <ul className="small">
              {router.arms.map((arm) => (
                <li key={arm.name}>
                  <span className="mono">{arm.name}</span>{' '}
                  <span className="num">
                    {share(arm.mean)} · {t('ai.routers.asked', { count: number(arm.asked) })}
                  </span>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Milliseconds in words. */
export function span(ms: number): string {
  return measured(ms / 1000, 'seconds');
}
