import { simulations, socket } from "./api.js";

const version = import.meta.env.VERSION;

document.getElementById("version").textContent = `Version ${version}, news from ${socket}`;
simulations().then((all) => {
  for (const one of all) {
    const item = document.createElement("li");
    item.textContent = `${one.name}: ${one.kwh ?? "waits"}`;
    document.getElementById("simulations").append(item);
  }
});
