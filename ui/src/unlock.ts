import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import { mount } from "svelte";
import Door from "./features/unlock/Door.svelte";
import "./kit/base.css";

const target = document.getElementById("app");
if (!target) throw new Error("unlock.html has no element #app");
mount(Door, { target });
