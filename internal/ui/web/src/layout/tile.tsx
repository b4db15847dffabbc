import { useRef } from 'react';
import { Button } from '../parts/button';
import { Panel } from '../panels/panel';
import { t } from '../strings';
import { GripIcon, HideIcon } from './icons';
import type { Tile } from './model';

interface Props {
  tile: Tile;
  /** The title of its module. */
  from: string;
  lifted: boolean;
  onPress: () => void;
  onGrab: (event: PointerEvent) => void;
  onCorner: (event: PointerEvent) => void;
  onHide: () => void;
}

/** A panel that can be moved: its grip, its size, and what it shows, which nobody can use meanwhile. */
export function EditTile({ tile, from, lifted, onPress, onGrab, onCorner, onHide }: Props) {
  const { title } = tile.meta;
  // A drag ends in a click of the grip, which is no press.
  const dragged = useRef(false);
  const grab = (event: React.PointerEvent) => {
    if (event.button !== 0) return;
    const { clientX, clientY } = event;
    dragged.current = false;
    addEventListener(
      'pointerup',
      (up) => {
        dragged.current = Math.hypot(up.clientX - clientX, up.clientY - clientY) >= 5;
      },
      { once: true },
    );
    onGrab(event.nativeEvent);
  };
  return (
    <li
      className={`tile w${String(tile.width)} h${String(tile.height)} ${lifted ? 'lifted' : ''}`}
      data-tile={tile.key}
    >
      <div className="tile-bar">
        <button
          type="button"
          className="button bare tile-grip"
          aria-label={t('layout.grip', { title })}
          aria-pressed={lifted}
          aria-describedby="layout-help"
          onPointerDown={grab}
          onClick={() => {
            if (!dragged.current) onPress();
            dragged.current = false;
          }}
        >
          <GripIcon />
        </button>
        {/* Not in the button, whose name would have to say it. */}
        <span className="dim small num tile-size" aria-hidden="true">
          {String(tile.width)} × {String(tile.height)}
        </span>
        <Button look="icon" aria-label={t('layout.hide', { title })} onClick={onHide}>
          <HideIcon />
        </Button>
      </div>
      <div className="tile-body" inert>
        <Panel panel={tile.meta} size={tile} from={from} />
      </div>
      {/* Sizes can be set by keyboard and in the bar below. */}
      <span
        className="tile-corner"
        aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.preventDefault();
          onCorner(event.nativeEvent);
        }}
      />
    </li>
  );
}
