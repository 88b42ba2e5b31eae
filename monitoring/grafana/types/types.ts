// A dashboard as Grafana's own types have it, down to what each kind of panel takes. What JSON
// writes is held against it by `check.mjs`.

import type {
  Dashboard,
  FieldConfig,
  Panel,
  RowPanel,
} from "./node_modules/@grafana/schema/dist/esm/raw/dashboard/x/dashboard_types.gen";
import type { Options as BarGauge } from "./node_modules/@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen";
import type { Options as Stat } from "./node_modules/@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type {
  FieldConfig as TableField,
  Options as Table,
} from "./node_modules/@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type {
  FieldConfig as SeriesField,
  Options as Series,
} from "./node_modules/@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/** A type as JSON writes it: values of enums in place of the enums. */
type Plain<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : never
    : T extends (infer U)[]
      ? Plain<U>[]
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> }
        : T;

type Of<Type, Options, Custom> = Omit<Panel, "type" | "options" | "fieldConfig"> & {
  type: Type;
  options: Partial<Options>;
  fieldConfig: {
    defaults: Omit<FieldConfig, "custom"> & { custom?: Partial<Custom> };
    overrides: [];
  };
};

type KnownPanel =
  | RowPanel
  | Of<"stat", Stat, object>
  | Of<"bargauge", BarGauge, object>
  | Of<"table", Table, TableField>
  | Of<"timeseries", Series, SeriesField>;

export type Checked = Plain<Omit<Dashboard, "panels"> & { panels: KnownPanel[] }>;
