/** The pages there are. One line adds a page to the rail, the palette, the `g` keys and the help. */
import { IconBell, IconChartLine, IconHexagons, type IconProps } from "@tabler/icons-react";
import type { ComponentType } from "react";

export interface Page {
  title: string;
  path: "/" | "/alerts" | "/explore";
  /** Pressed after `g`. */
  key: string;
  group: "Operate" | "Investigate";
  Icon: ComponentType<IconProps>;
}

export const PAGES: readonly Page[] = [
  { title: "Overview", path: "/", key: "o", group: "Operate", Icon: IconHexagons },
  { title: "Alerts", path: "/alerts", key: "r", group: "Operate", Icon: IconBell },
  { title: "Metrics", path: "/explore", key: "m", group: "Investigate", Icon: IconChartLine },
];
