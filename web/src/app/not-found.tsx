import { Link } from "@tanstack/react-router";
import { EmptyNote } from "../ui/empty-note";

export function NotFound() {
  return (
    <EmptyNote title="There is no page at this address">
      Go to the <Link to="/">Overview</Link>, or press <kbd>Ctrl</kbd> <kbd>K</kbd> to find a page.
    </EmptyNote>
  );
}
