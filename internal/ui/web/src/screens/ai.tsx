import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { AINav } from '../ai/nav';
import { costWords } from '../ai/money';
import { ProviderList, RouterList, span } from '../ai/providers';
import { providersQuery, usageQuery } from '../ai/queries';
import type { Providers, UsageReport } from '../ai/types';
import { Unconfigured } from '../ai/unconfigured';
import { daysUntil } from '../ai/usage';
import { DaysChoice, UsageCurves, UsageTable, useUsageChoice } from '../ai/usage-view';
import { number } from '../format';
import { share } from '../flags/share';
import { ErrorNotice, Notice } from '../parts/notice';
import { useNow } from '../parts/now';
import { Page } from '../parts/page';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import '../styles/ai.css';

/** How the providers of models do, and what was used of them by whom. */
export function Gateway() {
  const { days, by } = useUsageChoice();
  const { from, to } = daysUntil(useNow(60_000), days);
  const providers = useQuery(providersQuery);
  const daily = useQuery(usageQuery('day', from, to));
  const grouped = useQuery(usageQuery(by, from, to));
  const failed = [providers, daily, grouped].find((one) => one.error && !one.data);
  const [have, curves, lines] = [providers.data, daily.data, grouped.data];
  return (
    <Page title={t('nav.ai')}>
      <div className="stack">
        <AINav />
        {failed && <ErrorNotice error={failed.error} onRetry={() => void failed.refetch()} alert={false} />}
        {/* All at once, so that nothing moves when more of it comes. */}
        {!failed && !(have && curves && lines) && <LoadingRows rows={4} height="7rem" />}
        {have && curves && lines && (
          <>
            {have.items.length === 0 && <Unconfigured />}
            {(have.items.length > 0 || curves.total.requests > 0) && (
              <>
                <DaysChoice days={days} />
                <Numbers providers={have} total={curves.total} />
                {have.dropped > 0 && (
                  <Notice kind="warn">{t('ai.dropped', { count: number(have.dropped) })}</Notice>
                )}
                {have.items.length > 0 && <ProviderList providers={have.items} />}
                {have.routers.length > 0 && <RouterList routers={have.routers} />}
                <section className="stack" aria-labelledby="usage">
                  <h2 id="usage">{t('ai.usage')}</h2>
                  {curves.total.requests === 0 ? (
                    <p className="dim">{t('ai.usage.none')}</p>
                  ) : (
                    <>
                      <UsageCurves report={curves} from={from} to={to} />
                      <UsageTable by={by} report={lines} busy={grouped.isPlaceholderData} />
                    </>
                  )}
                </section>
              </>
            )}
          </>
        )}
      </div>
    </Page>
  );
}

function Numbers({ providers, total }: { providers: Providers; total: UsageReport['total'] }) {
  const of = (part: number) => share(total.requests > 0 ? part / total.requests : 0);
  return (
    <dl className="tiles ai-tiles stretch">
      <Tile name={t('ai.stat.requests')} value={number(total.requests)}>
        {total.p50_ms > 0 && t('ai.stat.took', { span: span(total.p50_ms) })}
      </Tile>
      <Tile name={t('ai.stat.errors')} value={number(total.errors)}>
        {t('ai.stat.share', { share: of(total.errors) })}
      </Tile>
      <Tile name={t('ai.stat.cache')} value={of(total.cached)}>
        {t('ai.stat.cache.about', { count: number(total.cached) })}
      </Tile>
      <Tile name={t('ai.stat.fallbacks')} value={number(providers.fallbacks)}>
        {t('ai.stat.fallbacks.about')}
      </Tile>
      <Tile name={t('ai.stat.spend')} value={costWords(total.cost)}>
        {t('ai.stat.tokens', { count: number(total.input + total.output) })}
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
