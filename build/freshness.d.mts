export declare const STAMP_FILE: string;
export declare function whyBuild(root: string): string | null;
