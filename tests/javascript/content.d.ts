// What Python writes into a page before its scripts.
declare const CONTENT: any;
