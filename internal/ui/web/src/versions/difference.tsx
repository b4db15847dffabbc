import { Fragment } from 'react';
import { t } from '../strings';
import { pretty } from '../flags/definition';
import { diffLines, nearChanges } from './diff';

/** What became of a definition or a text, line by line; nothing before is all new, and nothing after all gone. */
export function DefinitionDiff({ before, after, label }: { before: unknown; after: unknown; label: string }) {
  const lines = nearChanges(diffLines(textOf(before), textOf(after)));
  if (!lines.some((line) => line && line.kind !== 'same'))
    return <p className="dim">{t('flags.diff.same')}</p>;
  return (
    <pre className="flag-diff stretch" tabIndex={0} role="region" aria-label={label}>
      {lines.map((line, index) => (
        <Fragment key={index}>
          {line === null && <span className="dim">⋯</span>}
          {line?.kind === 'same' && <span>{`  ${line.text}`}</span>}
          {line?.kind === 'gone' && <del>{`- ${line.text}`}</del>}
          {line?.kind === 'new' && <ins>{`+ ${line.text}`}</ins>}
        </Fragment>
      ))}
    </pre>
  );
}

function textOf(definition: unknown): string {
  if (typeof definition === 'string') return definition;
  return definition === null || definition === undefined ? '' : pretty(definition);
}
