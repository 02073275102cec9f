// The open conversations, a tab each (https://www.w3.org/WAI/ARIA/apg/patterns/tabs/).

import { copy, element } from "./element.js";

const tablist = element("#open [role=tablist]");
const entries = []; // in the order of their tabs

/** Adds a panel under a tab. `selected` is called when it is shown. */
export function addTab(id, panel, selected) {
  const tab = copy("#tab");
  tab.id = `tab-${id}`;
  panel.id = `panel-${id}`;
  tab.setAttribute("aria-controls", panel.id);
  panel.setAttribute("aria-labelledby", tab.id);
  tablist.append(tab);
  element("#open").append(panel);
  const entry = { tab, panel, selected };
  entries.push(entry);
  tab.onclick = () => select(entry);
  showFrame();
  return {
    name: (name) => (element(".name", tab).textContent = name),
    unread(count) {
      const unread = element(".unread", tab);
      unread.hidden = !count;
      unread.textContent = `${count} unread`;
    },
    isShown: () => !panel.hidden,
    select: () => select(entry),
    remove: () => remove(entry),
  };
}

function select(chosen) {
  for (const entry of entries) {
    entry.panel.hidden = entry !== chosen;
    entry.tab.setAttribute("aria-selected", entry === chosen);
    entry.tab.tabIndex = entry === chosen ? 0 : -1;
  }
  chosen.selected();
}

function remove(entry) {
  const place = entries.indexOf(entry);
  entries.splice(place, 1);
  entry.tab.remove();
  entry.panel.remove();
  showFrame();
  const next = entries[Math.min(place, entries.length - 1)];
  if (next) {
    select(next);
    next.tab.focus();
  } else element("#waiting-title").focus();
}

function showFrame() {
  tablist.hidden = !entries.length;
  element("#open .empty").hidden = entries.length > 0;
}

tablist.onkeydown = (event) => {
  const place = entries.findIndex(({ tab }) => tab === document.activeElement);
  const last = entries.length - 1;
  const next = { ArrowLeft: place ? place - 1 : last, ArrowRight: place < last ? place + 1 : 0, Home: 0, End: last }[event.key];
  if (place < 0 || next === undefined) return;
  event.preventDefault();
  select(entries[next]);
  entries[next].tab.focus();
};
