// Makes the elements of every page, in the place of Emotion's function.
//
// A program that translates a page puts <font> elements in the place of text nodes, and React, which knows the
// nodes it made, then fails at the first one it is to remove or cannot be seen to change (facebook/react#11538). So
// React gets no text node of its own: a text with something beside it, or that may come and go, is the only
// child of a <span>, whose content React sets as a whole. An empty text makes no element, and a blank one is no text.
import { createElement, Fragment, memo } from "react";

// Words alone may stand in these.
const PLAIN = new Set(["option", "script", "style", "textarea", "title"]);
const isText = (child) => typeof child === "number" || (typeof child === "string" && child.trim() !== "");
const held = (child, key) => (isText(child) ? createElement("span", { key }, child) : child);
const each = (child, place) => (Array.isArray(child) ? child.map((one, key) => held(one, `text-${key}`)) : held(child, `text-${place}`));

// What Reflex draws a text of the state with: a component called Bare that gives nothing but the text.
const bares = new WeakMap();
const holding = (bare) => {
  if (!bares.has(bare)) bares.set(bare, memo((props) => held(bare.type(props))));
  return bares.get(bare);
};

export const jsx = (type, props, ...children) => {
  if (type?.displayName === "Bare") return createElement(holding(type), props, ...children);
  if (PLAIN.has(type) || (type !== Fragment && children.length < 2 && !Array.isArray(children[0])))
    return createElement(type, props, ...children);
  return createElement(type, props, ...children.map(each));
};
