import { queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import { get } from '../api/client';
import { inBase } from '../config';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { useAddress } from '../system/address';
import { Contents } from './contents';
import { read, type Docs, type RawDocument } from './openapi';
import { OperationView } from './operation-view';
import { SchemaView } from './schema-view';

const openAPIQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: ({ signal }) => get<RawDocument>('openapi.json', signal),
  staleTime: 60_000,
});

/** The document of the server's own API: a list to search in, and the operation or schema that the address names. */
export function APIDocs() {
  const document = useQuery(openAPIQuery);
  const docs = useMemo(() => document.data && read(document.data), [document.data]);
  if (document.isPending) return <LoadingRows rows={5} height="4rem" />;
  if (!docs)
    return <ErrorNotice error={document.error} onRetry={() => void document.refetch()} alert={false} />;
  return (
    <div className="docs stretch">
      <Contents docs={docs} />
      <Chosen docs={docs} />
    </div>
  );
}

function Chosen({ docs }: { docs: Docs }) {
  const [{ op, schema }] = useAddress();
  const heading = useRef<HTMLHeadingElement>(null);
  const last = useRef(op ?? schema);
  const chosen = op ?? schema;
  // Who chose something by a link goes on reading there, not in the list.
  useEffect(() => {
    if (last.current === chosen) return;
    last.current = chosen;
    heading.current?.focus({ preventScroll: true });
    heading.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);

  if (op) {
    const found = docs.operations.get(op);
    if (!found) return <Missing name={op} />;
    return <OperationView key={op} docs={docs} operation={found} heading={heading} />;
  }
  if (schema) {
    const found = docs.schemas[schema];
    if (!found) return <Missing name={schema} />;
    return (
      <article className="card stack" aria-labelledby="chosen">
        <h2 id="chosen" ref={heading} tabIndex={-1}>
          {schema}
        </h2>
        <SchemaView key={schema} schemas={docs.schemas} schema={{ $ref: `#/components/schemas/${schema}` }} />
      </article>
    );
  }
  return <Introduction docs={docs} heading={heading} />;
}

function Missing({ name }: { name: string }) {
  return (
    <div className="card empty">
      <h2>{t('docs.missing.title')}</h2>
      <p>{t('docs.missing', { name })}</p>
    </div>
  );
}

interface IntroductionProps {
  docs: Docs;
  heading: React.RefObject<HTMLHeadingElement | null>;
}

function Introduction({ docs, heading }: IntroductionProps) {
  return (
    <article className="card stack" aria-labelledby="chosen">
      <h2 id="chosen" ref={heading} tabIndex={-1}>
        {docs.title} <span className="dim num">{docs.version}</span>
      </h2>
      {docs.description && <p>{docs.description}</p>}
      <p>{t('docs.lead', { count: docs.operations.size })}</p>
      <dl className="pairs">
        <div>
          <dt>{t('docs.base')}</dt>
          <dd className="mono">{location.origin + inBase('api/v1')}</dd>
        </div>
        <div>
          <dt>{t('docs.sign')}</dt>
          <dd>{t('docs.sign.how')}</dd>
        </div>
        <div>
          <dt>{t('docs.errors')}</dt>
          <dd>{t('docs.errors.how')}</dd>
        </div>
        <div>
          <dt>{t('docs.document')}</dt>
          <dd>
            <a href={inBase('api/v1/openapi.json')} target="_blank" rel="noreferrer">
              {t('docs.document.open')}
            </a>
          </dd>
        </div>
      </dl>
    </article>
  );
}
