import { Link } from '@tanstack/react-router';
import { Panel } from '../panels/panel';
import { t } from '../strings';
import type { Tile } from './model';

/** Panels of all modules as somebody arranged them. */
export function Arranged({ tiles, titles }: { tiles: readonly Tile[]; titles: ReadonlyMap<string, string> }) {
  return (
    <>
      <h2 className="visually-hidden">{t('panels')}</h2>
      <div className="grid arranged">
        {tiles
          .filter((tile) => !tile.hidden)
          .map((tile) => (
            <Panel
              key={tile.key}
              panel={tile.meta}
              size={tile}
              from={
                <Link to="/m/$id" params={{ id: tile.module }}>
                  {titles.get(tile.module) ?? tile.module}
                </Link>
              }
            />
          ))}
      </div>
    </>
  );
}
