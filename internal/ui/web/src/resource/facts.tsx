import type { Item, ResourceField } from './types';
import { valueOf } from './value';

/** Values of an item by name, for what is not in its form. */
export function Facts({ fields, item }: { fields: ResourceField[]; item: Item }) {
  return (
    <dl className="facts">
      {fields.map((field) => (
        <div key={field.name}>
          <dt title={field.doc}>{field.title}</dt>
          <dd>{valueOf(field, item[field.name])}</dd>
        </div>
      ))}
    </dl>
  );
}
